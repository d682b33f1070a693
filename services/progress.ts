/** Steps that take minutes, on standard error: one line each, which counts the seconds on a terminal. */
import type { WriteStream } from 'node:tty';
import type { OnProgress } from './build.ts';

export function reportSteps(stream: WriteStream | NodeJS.WriteStream): OnProgress {
  const terminal = stream.isTTY && !process.env.NO_COLOR;
  let timer: NodeJS.Timeout | undefined;

  return (step, seconds) => {
    clearInterval(timer);
    if (seconds !== undefined) {
      stream.write(`${terminal ? '\r' : ''}${step}: done in ${seconds.toFixed(0)} s\n`);
      return;
    }
    stream.write(terminal ? `${step} …` : `${step} …\n`);
    if (!terminal) return;
    const begun = Date.now();
    timer = setInterval(() => stream.write(`\r${step} … ${((Date.now() - begun) / 1000).toFixed(0)} s`), 1000);
    // A build that fails ends the process; its line must not keep it alive.
    timer.unref();
  };
}
