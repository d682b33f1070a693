/** Command, exit code and both streams as a person would see them, without what changes from run to run. */
import { expect } from 'vitest';
import { type CliEnd, type CliOptions, runCli } from './cli.ts';

export class Transcript {
  readonly #folder: string;
  readonly #defaults: CliOptions;
  #text = '';

  constructor(folder: string, defaults: CliOptions = {}) {
    this.#folder = folder;
    this.#defaults = defaults;
  }

  /** Runs `dhc ARGS` and writes it down. */
  async dhc(line: string, options: CliOptions = {}): Promise<CliEnd> {
    const end = await runCli(words(line), { ...this.#defaults, ...options });
    const streams = (['stdout', 'stderr'] as const).filter((name) => end[name] !== '');
    const shown = streams.map((name) => `--- ${name}\n${this.#stable(end[name])}`);
    this.#text += `$ dhc ${line}\nexit ${end.code}\n${shown.join('')}\n`;
    expect(end.stdout + end.stderr, line).not.toMatch(/^\s+at .+:\d+|\[object Object\]|undefined|NaN|\u001b/m);
    if (end.code !== 0 && end.code !== 3 && end.code !== 4 && !line.includes('--json'))
      expect(end.stderr, line).toMatch(/^(error|hint): .+/m);
    return end;
  }

  /** The same command with `--json`: one document on stdout, nothing else. */
  async json<T>(line: string, options: CliOptions = {}): Promise<T> {
    const { stdout, stderr, code } = await runCli([...words(line), '--json'], { ...this.#defaults, ...options });
    expect(stderr, line).toBe('');
    expect(stdout.endsWith('\n') && !stdout.slice(0, -1).includes('\n'), `one line: ${stdout}`).toBe(true);
    return { ...(JSON.parse(stdout) as T), code };
  }

  /** @param name of a file in `test/transcripts/` */
  async matches(name: string): Promise<void> {
    await expect(this.#text).toMatchFileSnapshot(`./transcripts/${name}.txt`);
  }

  #stable(text: string): string {
    const stable = text
      .replaceAll(this.#folder, '<folder>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replace(/0x[0-9a-fA-F]{40,64}/g, '<hex>')
      .replace(/\b[0-9a-f]{32}\b/g, '<item>')
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
      .replace(/baf[a-z2-7]{50,}/g, '<cid>')
      .replace(/\d+ % used/g, '<n> % used')
      // Columns are as wide as what was replaced.
      .replace(/ {2,}/g, '  ');
    return stable.endsWith('\n') ? stable : `${stable}\n`;
  }
}

/** As a shell splits it, with single quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
}
