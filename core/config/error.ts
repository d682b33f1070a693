/** What is wrong with a config file. */
import { BridgeError } from '../errors.ts';

export interface ConfigProblem {
  /** 1-based; absent where the problem has no place (a file that is missing). */
  readonly line?: number;
  readonly column?: number;
  /** e.g. `feeds.adt.mllp.port` */
  readonly path: string;
  readonly message: string;
}

/** `config.invalid` with all that is wrong. */
export class ConfigError extends BridgeError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super('config.invalid', `${file} has ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
    this.problems = problems;
  }
}
