/** The one error class. Its message holds no patient value and may be shown, logged and journaled. */
import { codes, type ErrorCode, type ErrorKind, type Stage } from './codes.ts';

export class BridgeError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  /**
   * @param code from the closed table in `codes.ts`; it fixes stage and kind
   * @param what what happened, one sentence, without any patient value
   * @param options `hint` replaces the table's advice where the place knows better; `cause` is never shown
   */
  constructor(code: ErrorCode, what: string, options: { hint?: string; cause?: unknown } = {}) {
    super(what, { cause: options.cause });
    this.name = 'BridgeError';
    this.code = code;
    this.hint = options.hint ?? codes[code].hint;
  }

  get stage(): Stage {
    return codes[this.code].stage;
  }

  get kind(): ErrorKind {
    return codes[this.code].kind;
  }

  toJSON(): { code: ErrorCode; stage: Stage; kind: ErrorKind; message: string; hint: string } {
    return { code: this.code, stage: this.stage, kind: this.kind, message: this.message, hint: this.hint };
  }
}

/** Anything thrown, as a BridgeError. Foreign messages are not kept: they may quote what they failed on. */
export function asBridgeError(error: unknown, fallback: ErrorCode, what: string): BridgeError {
  return error instanceof BridgeError ? error : new BridgeError(fallback, what, { cause: error });
}
