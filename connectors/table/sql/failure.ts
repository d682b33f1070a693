/** Errors of database clients as errors of ours. Their texts are not passed on: they quote statements and values. */
import type { ErrorCode } from '../../../core/codes.ts';
import { BridgeError } from '../../../core/errors.ts';
import type { Driver, Failure } from './driver.ts';

const FAILURES: Readonly<Record<Failure, readonly [ErrorCode, string, string?]>> = {
  unreachable: ['source.unreachable', 'the database does not answer'],
  busy: ['source.unreachable', 'the database is busy, restarting or out of connections'],
  timeout: [
    'source.unreachable',
    'the database stopped a query that ran too long',
    'give the table behind the view an index on watermark and key, or raise sql.statementTimeoutSeconds',
  ],
  refused: ['source.refused', 'the database refuses the account'],
  tls: [
    'source.refused',
    'no protected connection to the database',
    'name its authority as sql.connection.tls.ca; where the server has no TLS, set tls.mode: off',
  ],
  missing: ['source.missing', 'the database has no such view or column'],
  other: ['source.protocol', 'the database refuses a query', 'run `dhc check`; it names the step that fails'],
};

export function failed(driver: Driver, error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const [code, what, hint] = FAILURES[driver.failure(error)];
  return new BridgeError(code, what, { cause: error, ...(hint ? { hint } : {}) });
}
