/** The walls between the rooms stand: Biome refuses each forbidden import, and finds none in the tree. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './testing/demo.ts';

const ROOMS = ['connectors', 'normalizer', 'anchor', 'workflows', 'services', 'cli', 'console'];
/** What each room may not import. */
const forbidden: Record<string, readonly string[]> = {
  core: ROOMS,
  connectors: ['normalizer', 'anchor', 'workflows', 'cli', 'console'],
  services: ['normalizer', 'anchor', 'workflows', 'cli', 'console'],
  normalizer: ['connectors', 'anchor', 'workflows', 'services', 'cli', 'console'],
  anchor: ['connectors', 'normalizer', 'workflows', 'services', 'cli', 'console'],
  workflows: ['cli', 'console'],
};
/** A pure room does no input or output either. */
const impure = ['node:fs', 'node:fs/promises', 'node:net', 'node:http', 'node:https', 'node:child_process', 'undici'];

const folder = mkdtempSync(join(tmpdir(), 'dhc-borders-'));
/** Planted files by the message of the border that they break. */
let refused: Map<string, string>;

beforeAll(() => {
  cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  cpSync(join(ROOT, '.gitignore'), join(folder, '.gitignore'));
  for (const [room, rooms] of Object.entries(forbidden)) {
    for (const other of rooms) {
      plant(`${room}/${other}.ts`, `../${other}/index.ts`);
      plant(`${room}/deep/er/${other}.ts`, `../../../${other}/index.ts`);
      plant(`${room}/${other}.test.ts`, `../${other}/index.ts`);
    }
    if (room !== 'core') plant(`${room}/good.ts`, '../core/types.ts');
  }
  for (const name of impure) plant(`normalizer/${name.replace(/\W/g, '-')}.ts`, name);
  refused = borderFaults(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plant(place: string, from: string): void {
  mkdirSync(join(folder, place, '..'), { recursive: true });
  writeFileSync(join(folder, place), `import { x } from '${from}';\n\nexport const y = x;\n`);
}

interface Diagnostic {
  readonly category: string;
  readonly message: string;
  readonly location: { readonly path: string };
}

function borderFaults(root: string): Map<string, string> {
  const program = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const args = [program, 'lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
  const borders = diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports');
  return new Map(borders.map(({ location, message }) => [location.path, message]));
}

describe.each(Object.entries(forbidden))('%s/', (room, rooms) => {
  it.each(rooms)('may not import %s/, but its tests may', (other) => {
    expect(refused.get(`${room}/${other}.ts`)).toContain(`${room}/`);
    expect(refused.get(`${room}/deep/er/${other}.ts`)).toContain(`${room}/`);
    expect(refused.has(`${room}/${other}.test.ts`)).toBe(false);
  });

  it('may import core/', () => {
    expect(refused.has(`${room}/good.ts`)).toBe(false);
  });
});

it.each(impure)('normalizer/ may not import %s', (name) => {
  expect(refused.get(`normalizer/${name.replace(/\W/g, '-')}.ts`)).toContain('is pure');
});

it('the tree keeps its borders', () => {
  expect([...borderFaults(ROOT)]).toEqual([]);
}, 120_000);
