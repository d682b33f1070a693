import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError } from './error.ts';
import { filePath, readSecret, secret } from './fields.ts';
import { jsonSchema, parseConfig } from './load.ts';
import { configSchema } from './schema.ts';

const kinds = [
  z.strictObject({ kind: z.literal('cda'), folder: z.strictObject({ path: filePath('Folder') }) }),
  z.strictObject({ kind: z.literal('fhir'), baseUrl: z.url(), bearer: secret('Token').optional() }),
];

const GOOD = `version: 1
hospital: { id: chenguang, name: 晨光医院, timezone: Asia/Shanghai }
keystore: { passphrase: 'file:secret.txt' }
feeds:
  documents:
    kind: cda
    folder: { path: inbox }
    schedule: { every: 15m }
`;

function problems(text: string) {
  try {
    parseConfig(text, '/etc/dhc/bridge.yaml', kinds);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);
    throw error;
  }
  return [];
}

test('paths and secret files are relative to the config file', () => {
  const config = parseConfig(GOOD, '/etc/dhc/bridge.yaml', kinds);
  expect(config.data).toBe('/etc/dhc/data');
  expect(config.keystore.passphrase).toBe('file:/etc/dhc/secret.txt');
  expect(config.feeds.documents).toMatchObject({ enabled: true, folder: { path: '/etc/dhc/inbox' } });
});

test('all problems at once, each at its line and column', () => {
  const bad = GOOD.replace('timezone: Asia/Shanghai', 'timezone: Mars/Phobos')
    .replace('kind: cda', 'kind: cda\n    lisen: 1')
    .replace("'file:secret.txt'", 'hunter2');
  expect(problems(bad)).toEqual([
    '2:50 hospital.timezone an IANA time zone such as Asia/Shanghai',
    '3:25 keystore.passphrase a secret is given as ${env:NAME} or file:PATH, never in the config itself',
    '7:5 feeds.documents.lisen unknown key',
  ]);
});

test('a missing field points at the map that lacks it', () => {
  expect(problems(GOOD.replace('folder: { path: inbox }', 'folder: {}'))[0]).toMatch(
    /^7:13 feeds\.documents\.folder\.path /,
  );
});

test('broken YAML and doubled keys are placed too', () => {
  expect(problems(`${GOOD}version: 1\n`)[0]).toMatch(/^9:1 {2}Map keys must be unique/);
  expect(problems('version: [1')[0]).toMatch(/^1:\d+ /);
});

test('an unknown kind of source is named as such', () => {
  expect(problems(GOOD.replace('kind: cda', 'kind: fax'))).toEqual([
    '6:11 feeds.documents.kind unknown kind of source',
  ]);
});

test('variables fill plain fields, stay references in secret ones, and are reported where missing', () => {
  process.env.DHC_TEST_ZONE = 'Europe/Berlin';
  process.env.DHC_TEST_TOKEN = 'abc';
  const text = GOOD.replace('Asia/Shanghai', '"${env:DHC_TEST_ZONE}"').replace(
    /feeds:[\s\S]*/,
    'feeds:\n  old:\n    kind: fhir\n    baseUrl: http://localhost:1/r4\n    bearer: ${env:DHC_TEST_TOKEN}\n',
  );
  const config = parseConfig(text, '/x/y.yaml', kinds);
  expect(config.hospital.timezone).toBe('Europe/Berlin');
  expect(config.feeds.old!.bearer).toBe('${env:DHC_TEST_TOKEN}');
  expect(readSecret('${env:DHC_TEST_TOKEN}')).toBe('abc');
  expect(problems(text.replace('DHC_TEST_ZONE', 'DHC_TEST_NOPE'))[0]).toContain('DHC_TEST_NOPE is not set');
  expect(() => readSecret('file:/nowhere')).toThrow('missing or empty');
});

test('an alias bomb is refused, not expanded', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n`;
  expect(problems(bomb)[0]).toMatch(/alias/i);
});

test('the JSON Schema describes every field of the base config', () => {
  const schema = jsonSchema(configSchema(kinds));
  const undescribed: string[] = [];
  type Node = { description?: string; properties?: Record<string, Node> };
  const walk = (node: Node, path: string) => {
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      if (!value.description && !path.startsWith('feeds') && key !== 'kind') undescribed.push(`${path}.${key}`);
      walk(value, `${path}.${key}`);
    }
  };
  walk(schema as Node, '');
  expect(undescribed.filter((path) => !path.startsWith('.feeds'))).toEqual([]);
});
