/** Dies at a named place when the environment asks for it, so that tests can kill the bridge between any two lines. */
const [wanted, times = '1'] = (process.env.DHC_FAILPOINT ?? '').split('@');
let left = Number(times);

/** Does nothing unless `DHC_FAILPOINT` is `name` or `name@n` (the n-th time). SIGKILL: no handler runs, nothing is flushed. */
export function failpoint(name: string): void {
  if (name === wanted && --left === 0) process.kill(process.pid, 'SIGKILL');
}
