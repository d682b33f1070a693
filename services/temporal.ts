/** The embedded orchestration: Temporal's development server on a SQLite file. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probeTemporal } from './probes.ts';
import type { Embedded } from './supervise.ts';

export interface TemporalOptions {
  readonly dataDir: string;
  readonly port: number;
  /** Serves Temporal's web interface there; without it there is none. */
  readonly uiPort?: number;
  /** Created when it is not there. */
  readonly namespace: string;
}

export function embeddedTemporal(binary: string, options: TemporalOptions): Embedded {
  const { port, uiPort, namespace } = options;
  const folder = join(options.dataDir, 'temporal');
  return {
    name: 'temporal',
    command() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace];
      args.push('--db-filename', join(folder, 'temporal.db'));
      // Two to three times the workflows a second, and still nothing is lost when a process dies.
      args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1');
      args.push('--log-level', 'warn', '--disable-config-file', '--disable-config-env');
      args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]));
      return { file: binary, args, cwd: folder };
    },
    probe: () => probeTemporal(`127.0.0.1:${port}`, namespace),
  };
}
