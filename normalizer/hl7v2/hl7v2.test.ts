import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberText } from '../../core/json.ts';
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext } from '../context.ts';
import { normalize } from '../index.ts';
import { readMessage } from './reader/message.ts';

const SAMPLES = join(import.meta.dirname, '../../samples/hl7v2');
const CORPUS = join(import.meta.dirname, '../../../shared/corpus/hl7v2');
/** A message about several people is divided by its connector, before any of it comes here. */
const SEVERAL = 'adt-a40-two-merges.hl7';
const sampleNames = ['mllp', 'files'].flatMap((folder) =>
  readdirSync(join(SAMPLES, folder))
    .filter((name) => name.endsWith('.hl7') && name !== SEVERAL)
    .map((name) => join(folder, name)),
);
const MRN = 'urn:oid:2.16.156.10011.1.13.990001';

const context: NormalizeContext = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai', patientSystem: MRN },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

function run(text: string, more: Partial<NormalizeContext> = {}): Normalized | Rejected {
  return normalize({ kind: 'hl7v2', sourceKey: 'k', bytes: new TextEncoder().encode(text) }, { ...context, ...more });
}

function ok(text: string, more: Partial<NormalizeContext> = {}): Normalized {
  const made = run(text, more);
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  return made;
}

function all<T extends fhir4.FhirResource>(made: Normalized, type: T['resourceType']): T[] {
  return (made.bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource as T] : []));
}

const adt = (event: string, ...lines: string[]) =>
  [`MSH|^~\\&|HIS|CG|DHC|CG|20260105083000+0800||ADT^${event}|1|P|2.5.1||||||UNICODE UTF-8`, ...lines].join('\r');
const oru = (...lines: string[]) =>
  [
    'MSH|^~\\&|LIS|CG|DHC|CG|20260105083000+0800||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8',
    'PID|1||CG1^^^CG&2.16.156.10011.1.13.990001&ISO^MR',
    'OBR|1||F1|T^Test^L',
    ...lines,
  ].join('\r');
const PID = 'PID|1||CG1^^^CG&2.16.156.10011.1.13.990001&ISO^MR||王^芳||19850723|F';
const value = (type: string, text: string, unit = '', flag = '', range = '') => {
  const [one] = all<fhir4.Observation>(
    ok(oru(`OBX|1|${type}|C^Code^L||${text}|${unit}|${range}|${flag}|||F`)),
    'Observation',
  );
  return one!;
};

describe('results are exact', () => {
  test.each([
    ['NM', '5.10', '5.10', undefined],
    ['NM', '<0.50', '0.50', '<'],
    ['NM', '≥60', '60', '>='],
    ['NM', '+7', '7', undefined],
    ['NM', '.50', '0.50', undefined],
    ['NM', '＜０．１', '0.1', '<'],
    ['NM', '12345678901234567890.123456789', '12345678901234567890.123456789', undefined],
    ['SN', '<^0.01', '0.01', '<'],
    ['SN', '^58.0', '58.0', undefined],
    ['SN', '=^58.0', '58.0', undefined],
    ['ST', '12.50', '12.50', undefined],
  ])('%s %s', (type, text, number, comparator) => {
    const { valueQuantity } = value(type, text, 'g/L');
    expect(numberText(valueQuantity!.value!)).toBe(number);
    expect(valueQuantity!.comparator).toBe(comparator);
    expect(valueQuantity!.unit).toBe('g/L');
  });

  test.each([
    ['NM', '1+', '1+'],
    ['NM', '阴性(-)', '阴性(-)'],
    ['ST', '1.020', '1.020'],
    ['ST', '3.9-6.1', '3.9-6.1'],
    ['SN', '^2^+', '2+'],
    ['TX', 'a~b', 'a\nb'],
    ['FT', 'a\\.br\\b^c&d', 'a\nb^c&d'],
    ['XX', '保留', '保留'],
  ])('%s %s stays text', (type, text, expected) => {
    expect(value(type, text).valueString).toBe(expected);
  });

  test('the canonical bytes carry the text of the number', () => {
    const { bytes } = ok(oru('OBX|1|NM|C^Code^L||5.10|g/L|3.90-6.10||||F'));
    const text = new TextDecoder().decode(bytes);
    expect(text).toContain('"value":5.10');
    expect(text).toContain('"value":3.90');
  });

  test.each([
    ['^5^-^10', { valueRange: { low: { value: 5, unit: '/HP' }, high: { value: 10, unit: '/HP' } } }],
    ['^1^:^160', { valueRatio: { numerator: { value: 1 }, denominator: { value: 160 } } }],
  ])('SN %s', (text, expected) => {
    expect(value('SN', text, '/HP')).toMatchObject(expected);
  });

  test.each([
    ['3.9-6.1', { low: 3.9, high: 6.1 }],
    ['41--73', { low: 41, high: 73 }],
    ['3.5～5.3', { low: 3.5, high: 5.3 }],
    ['≤0.04', { high: 0.04 }],
    ['<5.2', {}],
    ['阴性', {}],
    ['6.1-3.9', {}],
  ])('reference range %s', (text, { low, high }: { low?: number; high?: number }) => {
    const [range] = value('NM', '1', 'x', '', text).referenceRange!;
    expect([range!.low?.value, range!.high?.value, range!.text]).toEqual([low, high, text]);
  });

  test('flags, also as arrows and unknown ones', () => {
    expect(value('NM', '1', '', 'H').interpretation![0]!.coding![0]!.code).toBe('H');
    expect(value('NM', '1', '', '↓').interpretation![0]).toMatchObject({ coding: [{ code: 'L' }], text: '↓' });
    expect(value('NM', '1', '', '异常').interpretation![0]).toEqual({ text: '异常' });
  });

  test('both triplets of a code are kept, and a local one is counted as unmapped', () => {
    const made = ok(oru('OBX|1|NM|718-7^Hb^LN^HGB^血红蛋白^L||128|g/L|||||F'));
    expect(all<fhir4.Observation>(made, 'Observation')[0]!.code.coding).toEqual([
      { system: 'http://loinc.org', code: '718-7', display: 'Hb' },
      { system: 'urn:dhc:chenguang:code-system:L', code: 'HGB', display: '血红蛋白' },
    ]);
    expect(made.coverage.unmappedCodes).toEqual({ 'urn:dhc:chenguang:code-system:L|T': 1 });
  });
});

describe('times', () => {
  const effective = (time: string, header = '20260105083000') =>
    ok(oru(`OBX|1|NM|C^Code^L||1||||||F|||${time}`).replace('20260105083000+0800', header));
  const at = (made: Normalized) => all<fhir4.Observation>(made, 'Observation')[0]!.effectiveDateTime;

  test.each([
    ['2026', '2026'],
    ['202601', '2026-01'],
    ['20260105', '2026-01-05'],
    ['2026010508', '2026-01-05'],
    ['202601050830', '2026-01-05T08:30:00+08:00'],
    ['20260105083015.123', '2026-01-05T08:30:15.123+08:00'],
    ['20260105083015-0500', '2026-01-05T08:30:15-05:00'],
    ['20260230', undefined],
    ['20261301', undefined],
    ['20260105250000', undefined],
    ['00000000', undefined],
    ['19000101', undefined],
    ['yesterday', undefined],
  ])('%s', (time, expected) => {
    expect(at(effective(time))).toBe(expected);
  });

  test("without an offset: first MSH-7's, then the hospital's zone, told once", () => {
    const zoned = effective('20260105083015', '20260105083000+0900');
    expect(at(zoned)).toBe('2026-01-05T08:30:15+09:00');
    expect(zoned.issues).toEqual([]);
    const local = effective('20260105083015');
    expect(local.issues.map(({ code, severity }) => [code, severity])).toEqual([['field.no-zone', 'information']]);
  });

  test("the zone's offset of that day, with daylight saving", () => {
    const berlin = { hospital: { ...context.hospital, timezone: 'Europe/Berlin' } };
    const born = (time: string) =>
      all<fhir4.Patient>(
        ok(adt('A08', `PID|1||CG1^^^^MR${'|'.repeat(26)}${time}`).replace('+0800', ''), berlin),
        'Patient',
      )[0]!.deceasedDateTime;
    expect(born('20260715120000')).toBe('2026-07-15T12:00:00+02:00');
    expect(born('20260115120000')).toBe('2026-01-15T12:00:00+01:00');
    expect(born('20261025023000')).toBe('2026-10-25T02:30:00+02:00');
    expect(born('20260329023000')).toMatch(/^2026-03-29T02:30:00\+0[12]:00$/);
  });

  test('an end before its start is told and kept beside the period', () => {
    const made = ok(adt('A03', PID, `PV1|1|I${'|'.repeat(17)}V1${'|'.repeat(25)}20260105|20260101`));
    expect(all<fhir4.Encounter>(made, 'Encounter')[0]!.period).toEqual({
      start: '2026-01-05',
      _end: { extension: [{ url: 'urn:dhc:extension:end-as-sent', valueDateTime: '2026-01-01' }] },
    });
    expect(made.issues.map((issue) => issue.path)).toContain('PV1-45');
  });
});

describe('a denied allergy is no allergy, and says no more than it does', () => {
  test.each([
    ['DA|否认', '409137002'],
    ['|否认药物过敏', '409137002'],
    ['FA|无', '429625007'],
    ['|无', '716186003'],
    ['|NKA^No known allergy^L', '716186003'],
    ['DA|青霉素', undefined],
  ])('%s', (fields, code) => {
    const [made] = all<fhir4.AllergyIntolerance>(ok(adt('A08', PID, `AL1|1|${fields}`)), 'AllergyIntolerance');
    expect(made!.code!.coding?.[0]?.code).toBe(code);
  });
});

describe('identity', () => {
  test('A01, A08 and A03 of one visit meet in the same resources', () => {
    const visit = `PV1|1|I${'|'.repeat(17)}V1^^^Z${'|'.repeat(25)}20260105`;
    const ids = ['A01', 'A08', 'A03'].map((event) => all<fhir4.Encounter>(ok(adt(event, PID, visit)), 'Encounter')[0]!);
    expect(new Set(ids.map((one) => one.id)).size).toBe(1);
    expect(ids.map((one) => one.status)).toEqual(['in-progress', 'in-progress', 'finished']);
  });

  test('a correction meets the result that it corrects; a repeated code within one order does not', () => {
    const first = all<fhir4.Observation>(ok(oru('OBX|1|NM|C^x^L||1||||||P')), 'Observation');
    const corrected = all<fhir4.Observation>(
      ok(oru('OBX|1|NM|C^x^L||2||||||C', 'OBX|2|NM|C^x^L||3||||||F')),
      'Observation',
    );
    expect(corrected[0]!.id).toBe(first[0]!.id);
    expect(corrected[1]!.id).not.toBe(first[0]!.id);
  });

  test("the owner is the hospital's own number, wherever it stands", () => {
    const id = '990101198507230022^^^GA&2.16.156.10011.1.3&ISO^NNCHN';
    const own = 'CG1^^^CG&2.16.156.10011.1.13.990001&ISO^MR';
    expect(ok(adt('A08', `PID|1||${id}~${own}`)).patient).toEqual({ system: MRN, value: 'CG1' });
    expect(ok(adt('A08', 'PID|1||CG1')).patient).toEqual({ system: MRN, value: 'CG1' });
    expect(ok(adt('A08', `PID|1||${id}`)).patient).toEqual({
      system: 'urn:oid:2.16.156.10011.1.3',
      value: '990101198507230022',
    });
    expect(ok(adt('A08', 'PID|1||7^^^LAB^MR'), { assigners: { LAB: 'urn:oid:1.2.3' } }).patient!.system).toBe(
      'urn:oid:1.2.3',
    );
  });

  test('null deletes: the element is absent and counts as read', () => {
    const made = ok(adt('A08', 'PID|1||CG1^^^^MR||""||""|""'));
    expect(all<fhir4.Patient>(made, 'Patient')[0]).not.toHaveProperty('name');
    expect(Object.keys(made.coverage.left).filter((place) => place.startsWith('PID'))).toEqual([]);
  });
});

describe('what cannot be a record is refused with its reason', () => {
  test.each([
    ['no PID', adt('A01', 'PV1|1|I'), 'item.no-patient'],
    ['no identifier', adt('A01', 'PID|1||""||王^芳'), 'item.no-patient'],
    ['an event without a map', adt('A20', PID), 'item.unsupported'],
    ['two patients', oru('OBX|1|NM|C||1', 'PID|2||CG2', 'OBR|1||F2|T'), 'item.unsupported'],
    ['no message', 'hello', 'item.format'],
  ])('%s', (_name, text, code) => {
    const made = run(text);
    expect(made).toMatchObject({ status: 'rejected', code, outcome: { resourceType: 'OperationOutcome' } });
  });

  test('neither issues nor outcome quote the message', () => {
    const made = run(adt('A20', 'PID|1||CG777^^^^MR||Geheim^Wert'));
    expect(JSON.stringify(made)).not.toMatch(/Geheim|CG777/);
  });
});

describe('coverage', () => {
  test('every populated field that was not read is listed', () => {
    const made = ok(adt('A08', `${PID}|||||||||||||||||||ZZ`, 'ZPI|1|x^y', 'PD1|||||||||A^B'));
    expect(made.coverage.left).toMatchObject({
      'PID-27': 1,
      'ZPI-1': 1,
      'ZPI-2.1': 1,
      'ZPI-2.2': 1,
      'PD1-9.1': 1,
      'PD1-9.2': 1,
    });
    const { seen, mapped, left } = made.coverage;
    expect(seen - mapped).toBe(Object.values(left).reduce((sum, count) => sum + count, 0));
  });
});

describe('every sample', () => {
  test.each(sampleNames)('%s: the same bytes again, at any time of receipt, and nothing invented', (name) => {
    const bytes = readFileSync(join(SAMPLES, name));
    const once = normalize({ kind: 'hl7v2', sourceKey: 'a', bytes }, context) as Normalized;
    const again = normalize(
      { kind: 'hl7v2', sourceKey: 'b', bytes },
      { ...context, receivedAt: '2027-01-01T00:00:00Z' },
    ) as Normalized;
    expect(Buffer.from(once.bytes).equals(Buffer.from(again.bytes))).toBe(true);
    expect(inventions(bytes, once)).toEqual([]);
    const kept = all<fhir4.Binary>(once, 'Binary')[0]!;
    expect(Buffer.from(kept.data!, 'base64').equals(bytes)).toBe(true);
  });
});

test('no damage to a message fails the bridge or passes the gate', () => {
  const whole = sampleNames.map((name) => readFileSync(join(SAMPLES, name)));
  const noise = fc.oneof(
    fc.constantFrom('|', '^', '~', '\\', '&', '\r', '""', '\u0001', '\\X00\\', '\rOBX|1|NM', '\rPV1|1|I'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...whole), fc.nat(), fc.nat(20), noise, (bytes, at, length, text) => {
      const start = at % bytes.length;
      const damaged = Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(start + length)]);
      const made = normalize({ kind: 'hl7v2', sourceKey: 'k', bytes: damaged }, context);
      return made.status !== 'rejected' || !/internal|invalid-bundle/.test(made.code);
    }),
    { numRuns: 1500 },
  );
}, 60_000);

describe.skipIf(!existsSync(CORPUS))('the public corpus', () => {
  const files = existsSync(CORPUS)
    ? readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.hl7'))
    : [];

  test('no message fails the bridge or gives an invalid bundle, and nothing is invented', () => {
    const counts = { made: 0, refused: 0 };
    for (const name of files) {
      const bytes = readFileSync(join(CORPUS, name));
      const made = normalize({ kind: 'hl7v2', sourceKey: name, bytes }, context);
      if (made.status === 'rejected') {
        expect([name, made.code]).not.toEqual([name, expect.stringMatching(/internal|invalid-bundle/)]);
        counts.refused += 1;
      } else {
        expect([name, inventions(bytes, made)]).toEqual([name, []]);
        counts.made += 1;
      }
    }
    expect(counts.made).toBeGreaterThan(120);
    expect(counts.made + counts.refused).toBe(files.length);
  }, 120_000);
});

/** Elements whose value is ours, by rule: ids, references, URIs, codes of tables, statuses, units' systems. */
const CONSTANT_KEYS = new Set([
  'resourceType',
  'id',
  'reference',
  'fullUrl',
  'url',
  'system',
  'status',
  'use',
  'gender',
  'mode',
  'type',
  'intent',
  'method',
  'role',
  'category',
  'criticality',
  'severity',
  'comparator',
  'contentType',
  'policy',
  'valueCode',
  'data',
  'docStatus',
  'priority',
]);

/** Texts and numbers of the bundle that neither stand in the decoded message nor are codes that the maps own. */
function inventions(bytes: Uint8Array, made: Normalized): string[] {
  const message = readMessage(bytes, context.charset);
  const texts = message.segments.flatMap((segment) =>
    Array.from({ length: segment.length }, (_, index) =>
      segment
        .all(index + 1)
        .flatMap((value) => [value.raw() ?? '', ...value.leaves().map((leaf) => leaf.decoded ?? '')]),
    ).flat(),
  );
  // An OID or UUID as a URI says no more than itself.
  const plain = (text: string) =>
    text
      .replace(/^urn:(oid|uuid):/, '')
      .normalize('NFKC')
      .replaceAll(/\s/g, '');
  const known = plain(texts.join('\u0001'));
  const found: string[] = [];
  const walk = (value: unknown, key: string, parent: Record<string, unknown>): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, key, parent);
    else if (typeof value === 'string') {
      if (!CONSTANT_KEYS.has(key) && !known.includes(plain(value)) && !isOurs(key, value, parent, known))
        found.push(`${key}=${value}`);
    } else if (typeof value === 'number') {
      // R4 has no number without a digit before its point.
      if (!known.includes(String(value).replace(/^0\./, '.'))) found.push(`${key}=${value}`);
    } else if (value !== null && typeof value === 'object') {
      const raw = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
      if (raw) {
        if (!known.includes(JSON.stringify(value).replace(/^0\./, '.'))) found.push(`${key}=${JSON.stringify(value)}`);
      } else for (const [name, item] of Object.entries(value)) walk(item, name, value as Record<string, unknown>);
    }
  };
  for (const { resource } of made.bundle.entry ?? [])
    if (!['Device', 'Provenance'].includes(resource!.resourceType)) walk(resource, '', {});
  return found;
}

/** Words and codes that a shipped map writes as they stand. */
const CONSTANTS = new Set(
  Object.entries(
    JSON.parse(readFileSync(join(import.meta.dirname, '../mapping/generated/standard.json'), 'utf8')) as object,
  )
    .filter(([file]) => file.startsWith('hl7v2/'))
    .flatMap(([file, { text }]) =>
      file.endsWith('.csv')
        ? text.split(/[,\n]/)
        : [...text.matchAll(/(?:value|display|text): '?([^'{},]+?)'?(?=[,} ]*(?:\w+:|\n| }))/g)].map(([, one]) => one),
    )
    .map((constant: string) => constant.trim()),
);

function isOurs(key: string, value: string, parent: Record<string, unknown>, known: string): boolean {
  if (['code', 'display', 'text'].includes(key) && CONSTANTS.has(value)) return true;
  const digits = value.replaceAll(/\D/g, '');
  if (/^\d{4}(-\d\d)?(-\d\d)?(T.*)?$/.test(value))
    return known.includes(digits.slice(0, 12).replace(/(?<=^.{8})0000$/, '')) || known.includes(digits.slice(0, 8));
  if (/^\d\d:\d\d:\d\d/.test(value)) return known.includes(digits.slice(0, 4));
  // The name of whom a reference names, as it is read out.
  if (key === 'display' && parent.reference !== undefined)
    return (
      value.split(' ').every((piece) => known.includes(piece.normalize('NFKC'))) ||
      [...value].some((_, cut) => known.includes(value.slice(0, cut)) && known.includes(value.slice(cut)))
    );
  // Codes of terminologies that a rule chose, and the display of one of them.
  if (key === 'code' && (value === 'replaces' || value === 'appends')) return parent.target !== undefined;
  if (key === 'code' || key === 'display')
    return (
      typeof parent.system === 'string' &&
      /terminology\.hl7\.org|^urn:dhc:\w+:table:|snomed|unitsofmeasure|urn:oid:2\.16\.840\.1\.113883\.6\.238/.test(
        parent.system,
      )
    );
  if (key === 'unit') return parent.code === value;
  // A Chinese name as it is read out.
  if (key === 'text' && value === [parent.family, ...((parent.given as string[]) ?? [])].join('')) return true;
  // Pieces joined by a rule: numbers dialled, structured numerics, lines of a text.
  return key === 'value' || key === 'valueString' || key === 'text'
    ? value.split(/[\s+x]+/).every((piece) => known.includes(piece.normalize('NFKC')))
    : false;
}
