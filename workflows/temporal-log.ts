/** Routes the logs of Temporal's SDK into ours. Its messages and fields may quote payloads: only fixed words pass. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Log } from '../core/types.ts';

let target: Log | undefined;
let installed = false;

/** Temporal allows one logger a process; the newest bridge of the process gets the lines. */
export function routeTemporalLogs(log: Log): void {
  target = log;
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level }) => {
      if (level === 'ERROR') target?.error('temporal worker reported an error', { service: 'temporal' });
      else target?.warn('temporal worker reported a warning', { service: 'temporal' });
    }),
    telemetryOptions: { logging: { forward: {}, filter: 'WARN' } },
    shutdownSignals: [],
  });
}
