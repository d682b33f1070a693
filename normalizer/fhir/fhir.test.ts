import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NormalizeContext } from '../context.ts';
import { normalize } from '../index.ts';

const MRN = 'urn:oid:2.16.156.10011.1.13.990001';
const SERVER = 'urn:dhc:chenguang:fhir:his:Patient';
const context: NormalizeContext = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai', patientSystem: MRN },
  feed: 'his',
  receivedAt: '2026-03-01T00:00:00Z',
};
const run = (text: string | Uint8Array) =>
  normalize(
    { kind: 'fhir', sourceKey: 'k', bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text },
    context,
  );
const ok = (text: string) => {
  const made = run(text);
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  return made;
};

const PATIENT = `{"resourceType":"Patient","id":"p1","identifier":[{"system":"${MRN}","value":"CG100001"}],"gender":"male"}`;
const observation = (subject: string) =>
  `{"resourceType":"Observation","id":"o1","meta":{"lastUpdated":"2026-01-05T10:15:00.000+08:00"},"status":"final","code":{"text":"Hb"},"subject":${subject},"valueQuantity":{"value":1.50,"unit":"g/L"}}`;

describe('a valid resource passes verbatim', () => {
  test('with the text of its numbers, in a collection with its Provenance', () => {
    const made = ok(observation('{"reference":"Patient/p1"}'));
    expect(made.status).toBe('ok');
    expect(new TextDecoder().decode(made.bytes)).toContain('"valueQuantity":{"unit":"g/L","value":1.50}');
    expect(made.bundle.type).toBe('collection');
    expect(made.bundle.entry!.map(({ resource }) => resource!.resourceType)).toEqual([
      'Observation',
      'Device',
      'Provenance',
    ]);
    expect(made.bundle.entry!.every(({ fullUrl, request }) => fullUrl?.startsWith('urn:') && !request)).toBe(true);
    expect(made.bundle.entry![2]!.resource).toMatchObject({ recorded: '2026-01-05T10:15:00.000+08:00' });
  });

  test('without a time of its own the Provenance says that none is known', () => {
    expect(ok(PATIENT).bundle.entry!.at(-1)!.resource).toMatchObject({
      _recorded: { extension: [{ valueCode: 'unknown' }] },
    });
  });
});

describe('the owner', () => {
  test.each([
    ['a Patient with our number', PATIENT, { system: MRN, value: 'CG100001' }],
    ['a Patient without', '{"resourceType":"Patient","id":"p9"}', { system: SERVER, value: 'p9' }],
    ['a subject', observation('{"reference":"Patient/p1"}'), { system: SERVER, value: 'p1' }],
    [
      'an absolute subject with a version',
      observation('{"reference":"https://his.example/fhir/Patient/p1/_history/3"}'),
      { system: SERVER, value: 'p1' },
    ],
    [
      'a subject named by our number',
      observation(`{"reference":"Patient/p1","identifier":{"system":"${MRN}","value":"CG100001"}}`),
      { system: MRN, value: 'CG100001' },
    ],
    ['a group', observation('{"reference":"Group/g1"}'), null],
    ['nobody', '{"resourceType":"Organization","id":"o","name":"晨光医院"}', null],
    [
      'a Patient in the same Bundle',
      `{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"https://h/Patient/p1","resource":${PATIENT}},{"fullUrl":"https://h/Observation/o1","resource":${observation('{"reference":"Patient/p1"}')}}]}`,
      { system: MRN, value: 'CG100001' },
    ],
  ])('%s', (_name, text, owner) => {
    expect(ok(text).patient).toEqual(owner);
  });
});

describe('what is not valid is refused with an OperationOutcome', () => {
  test.each([
    ['no JSON', '{"resourceType":', 'item.format'],
    ['no resource', '[1]', 'item.format'],
    ['a property twice', '{"resourceType":"Patient","id":"a","id":"b"}', 'fhir.structure'],
    ['a code outside its value set', '{"resourceType":"Patient","id":"a","gender":"M"}', 'item.invalid-bundle'],
    ['an unknown type', '{"resourceType":"Patent","id":"a"}', 'item.invalid-bundle'],
    [
      'a Bundle of two patients',
      `{"resourceType":"Bundle","type":"collection","entry":[{"resource":${PATIENT}},{"resource":{"resourceType":"Patient","id":"p2"}}]}`,
      'item.unsupported',
    ],
    [
      'a Bundle without resources',
      '{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"urn:x"}]}',
      'item.format',
    ],
    [
      'a resource twice',
      `{"resourceType":"Bundle","type":"history","entry":[{"resource":${PATIENT}},{"resource":${PATIENT}}]}`,
      'item.unsupported',
    ],
    ['broken members', '{"resourceType":"Bundle","type":"collection","entry":"x"}', 'item.'],
    [
      'broken subject',
      '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":"Patient/1"}',
      'item.invalid-bundle',
    ],
    ['broken identifiers', '{"resourceType":"Patient","id":"p","identifier":{"value":"x"}}', 'item.invalid-bundle'],
  ])('%s', (_name, text, code) => {
    const made = run(text);
    expect(made).toMatchObject({ status: 'rejected', outcome: { resourceType: 'OperationOutcome' } });
    expect(made.status === 'rejected' && made.code).toMatch(code);
    expect(made.status === 'rejected' && made.code).not.toBe('item.internal');
  });

  test('bytes that are not UTF-8', () => {
    expect(run(Buffer.from('{"resourceType":"Patient","id":"\xff"}', 'latin1'))).toMatchObject({
      code: 'item.charset',
    });
  });
});

test('no damage to a resource fails the bridge', () => {
  const whole = JSON.parse(observation('{"reference":"Patient/p1"}')) as Record<string, unknown>;
  const broken = fc.dictionary(
    fc.constantFrom(...Object.keys(whole), 'contained', 'patient', 'component'),
    fc.jsonValue(),
  );
  const types = fc.constantFrom('Observation', 'Patient', 'Bundle', 'AllergyIntolerance', 'Encounter', 'Questionnaire');
  fc.assert(
    fc.property(types, broken, (resourceType, change) => {
      const made = run(JSON.stringify({ ...whole, ...change, resourceType }));
      return made.status !== 'rejected' || made.code !== 'item.internal';
    }),
    { numRuns: 300 },
  );
});

test('an id that is no text is refused as such', () => {
  const made = run(
    JSON.stringify({ ...JSON.parse(observation('{"reference":"Patient/p1"}')), id: [{ toString: null }] }),
  );
  expect(made).toMatchObject({ status: 'rejected', code: 'item.invalid-bundle' });
});
