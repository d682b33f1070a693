/** What the README tells a newcomer to type exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from './testing/cli.ts';
import { ROOT } from './testing/demo.ts';

const documents = ['README.md', 'CONTRIBUTING.md', ...markdown('docs'), 'samples/README.md'];
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

function markdown(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true }).map(String);
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

it.each(documents)('npm scripts and files in %s exist', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  for (const [, name] of text.matchAll(/npm run ([a-z:-]+)/g)) expect(scripts, `npm run ${name}`).toHaveProperty(name!);
  for (const name of ['test', 'start']) if (text.includes(`npm ${name}`)) expect(scripts).toHaveProperty(name);
  for (const [, target] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g))
    expect(existsSync(join(ROOT, dirname(document), target!)), target).toBe(true);
  for (const [, path] of text.matchAll(/\bnode (?:--\S+ )*([\w./-]+\.(?:ts|mjs))/g))
    expect(existsSync(join(ROOT, path!)), path).toBe(true);
});

it('every dhc command of the documents exists, with its options', async () => {
  const helps = new Map<string, Promise<string>>();
  const helpOf = (path: string) => {
    if (!helps.has(path))
      helps.set(
        path,
        runCli([...path.split(' ').filter(Boolean), '--help']).then(({ stdout }) => stdout),
      );
    return helps.get(path)!;
  };
  const used = documents
    .filter((document) => !document.includes('decisions/'))
    .flatMap((document) =>
      [...readFileSync(join(ROOT, document), 'utf8').matchAll(/(?:^|`|npx )dhc ([a-z-]+(?: [^`\n#|]*)?)/gm)].map(
        ([, line]) => line!.trim(),
      ),
    );
  expect(used.length).toBeGreaterThan(10);
  for (const line of new Set(used)) {
    const [command = '', sub = '', ...rest] = line.split(/\s+/);
    expect(await helpOf(''), line).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    const help = await helpOf(command);
    const nested = new RegExp(`^ {2}${sub.replace(/\W/g, '')}\\b`, 'm').test(help.split('\nCommands:')[1] ?? '');
    const options = (nested ? await helpOf(`${command} ${sub}`) : help) + (await helpOf(''));
    for (const word of [sub, ...rest]) if (/^--[a-z-]+$/.test(word)) expect(options, line).toContain(word);
  }
}, 240_000);
