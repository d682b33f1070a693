import { describe, expect, test } from 'vitest';
import { compileMap } from './index.ts';
import { compilePattern, PATTERN_INPUT } from './pattern.ts';
import { load, patientMap, problemsOf, resources, run } from './testing/compile.ts';

const head = 'map: t\nversion: 1.0.0\nsource: json\nowner: { system: urn:p, value: $id }\n';

describe('maps that mean harm end, with a word', () => {
  test('an alias bomb', () => {
    const bomb = [
      'a: &a [x, x]',
      ...'bcdefghij'
        .split('')
        .map((name, index) => `${name}: &${name} [*${'abcdefghi'[index]}, *${'abcdefghi'[index]}]`),
    ];
    expect(
      problemsOf(`${head}constants:\n${bomb.map((line) => `  ${line}`).join('\n')}\nresources: []\n`).length,
    ).toBeGreaterThan(0);
  });

  test.each([['['], ['{a: '], ['- ']])('nesting by %s', (open) => {
    const close = open === '[' ? ']' : open === '{a: ' ? '}' : '';
    expect(problemsOf(`${head}resources: ${open.repeat(5000)}x${close.repeat(5000)}\n`).length).toBeGreaterThan(0);
  });

  test('fragments that double at each level', () => {
    const names = Array.from({ length: 30 }, (_, index) => `f${index}`);
    const fragments = names.map(
      (name, index) =>
        `  ${name}: !firstOf [${index === 0 ? '$a, $b' : `!fragment f${index - 1} , !fragment f${index - 1} `}]`,
    );
    const text = `${head}fragments:\n${fragments.join('\n')}\nresources:\n  - Patient: p\n    key: [!owner ]\n    birthDate: !fragment f14\n`;
    expect(problemsOf(text).map(({ message }) => message)).toContainEqual(expect.stringContaining('grows beyond'));
  });

  test('a file that is too large', () => {
    expect(problemsOf(`# ${'x'.repeat(1_100_000)}`)[0]).toMatchObject({ line: 1, column: 1 });
  });

  test('loops within loops over one long list', () => {
    const loops = ['a', 'b', 'c'].reduceRight(
      (inner, name) => `- loop: ${name}\n  each: $/list[*]\n  resources:\n${inner.replaceAll(/^/gm, '    ')}`,
      '- Basic: x\n  key: [$n]\n  code: { text: $n }',
    );
    const map = compileMap(`${head}resources:\n${loops.replaceAll(/^/gm, '  ')}\n`, 't.yaml', { load });
    const start = performance.now();
    const made = run(map, { id: '1', list: Array.from({ length: 1000 }, (_, n) => ({ n })) });
    expect(made).toMatchObject({ status: 'rejected', code: 'map.limit' });
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  test('files, network, clocks, code', () => {
    for (const expression of [
      "'x'.resolve()",
      'now()',
      'today()',
      "trace('x')",
      "memberOf('x')",
      "constructor('x')",
      "%a.matches('(a+)+$')",
      'repeat(%a)',
    ])
      expect(
        problemsOf(
          `${head}resources:\n  - Patient: p\n    key: [!owner ]\n    birthDate: !fhirpath { expression: ${JSON.stringify(expression)}, with: { a: $a } }\n`,
        ),
      ).not.toEqual([]);
    for (const file of [
      '/etc/passwd',
      '../secret.csv',
      'a/../../b.csv',
      'C:\\x.csv',
      'http://x/y.csv',
      'file:///etc/passwd',
    ])
      expect(
        problemsOf(`${head}codes: { c: { file: '${file}' } }\nresources:\n  - Patient: p\n    key: [!owner ]\n`),
      ).toMatchObject([{ line: 5 }]);
  });
});

describe('expressions', () => {
  const map = patientMap(
    'name: { text: !fhirpath { expression: "iif(%a.startsWith(\'x\'), %a.substring(1).upper(), %a)", with: { a: $A } } }',
  );
  const text = (A: string) => resources<fhir4.Patient>(run(map, { ID: '1', A, B: '1' }), 'Patient')[0]!.name?.[0]?.text;
  test('give a plain value', () => {
    expect(text('xab')).toBe('AB');
    expect(text('张伟')).toBe('张伟');
  });
  test('of none give none', () => expect(text('')).toBeUndefined());

  test('that run on are ended, and told', () => {
    const endless = `${'%a.toChars().select($this & $this)'}${'.select(%a.toChars().count() + $this.length())'.repeat(3)}.first()`;
    const slow = patientMap(`name: { text: !fhirpath { expression: ${JSON.stringify(endless)}, with: { a: $A } } }`);
    const start = performance.now();
    const made = run(slow, { ID: '1', A: 'x'.repeat(20_000) });
    expect(performance.now() - start).toBeLessThan(5000);
    expect(made.issues).toMatchObject([{ code: 'field.invalid', path: 'A' }]);
  });
});

describe('patterns', () => {
  test.each([
    '(a+)+',
    '(a|b)*',
    '(a*)*',
    '((a{1,9}){1,9})',
    'a*a*a*a*',
    '(?=a)b',
    '(?<!a)b',
    '(a)\\1',
    '(?<n>a)',
    'a{1,9999}',
    '(a',
    'a)',
    '[a',
  ])('%s is refused', (source) => expect(compilePattern(source)).toEqual(expect.any(String)));

  test('what is taken ends soon at its worst', () => {
    const test = compilePattern('a*a*a*b') as (text: string) => boolean;
    const start = performance.now();
    expect(test('a'.repeat(PATTERN_INPUT))).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(test('a'.repeat(1_000_000))).toBe(false);
  });
});
