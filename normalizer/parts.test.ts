import { describe, expect, test } from 'vitest';
import type { Normalized } from '../core/types.ts';
import { codeMapping, Draft, type Entry, recurrent } from './draft.ts';
import { share } from './parts.ts';

const context = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};
const end = { patient: null, source: { contentType: 'text/plain', bytes: new TextEncoder().encode('abc') } };
const draft = () => new Draft(context, codeMapping('test', '1'));

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** What comes out with each part shared, and with each a copy. */
function both(fill: (draft: Draft, part: <T extends object>(value: T) => T) => void): string[] {
  return [(value: object) => share(frozen(value)), structuredClone].map((part) => {
    const one = draft();
    fill(one, part as never);
    return Buffer.from((one.finish(end) as Normalized).bytes).toString();
  });
}

describe('a shared part', () => {
  test('is not changed where a second resource fills the first', () => {
    const [shared, copied] = both((one, part) => {
      const identifier = part([{ value: 'a' }]);
      one.add(['1'], { resourceType: 'Patient', identifier, maritalStatus: part({ text: 'M' }) });
      one.add(['1'], {
        resourceType: 'Patient',
        identifier: [{ value: 'b' }],
        maritalStatus: { coding: [{ code: 'M' }] },
        gender: 'male',
      });
    });
    expect(shared).toBe(copied);
    expect(shared).toContain('"maritalStatus":{"coding":[{"code":"M"}],"text":"M"}');
  });

  test('is not changed where something in it is empty or has to be settled', () => {
    const unknown = { system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'NNCHN', display: '' };
    const [shared, copied] = both((one, part) => {
      const type = part({ coding: [part(unknown)], text: '' });
      for (const key of ['1', '2'])
        one.add([key], {
          resourceType: 'Patient',
          identifier: [{ type, value: 'a' }],
          contact: part<fhir4.PatientContact[]>([{ gender: 'male' }]),
        });
    });
    expect(shared).toBe(copied);
    expect(shared).toContain('"urn:dhc:chenguang:table:0203"');
  });

  test('says in each resource what there is to tell of it', () => {
    const coding = share({ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'NNCHN' });
    const one = draft();
    for (const key of ['1', '2'])
      one.add([key], { resourceType: 'Patient', identifier: [{ type: { coding: [coding] }, value: 'a' }] });
    expect(one.finish(end).issues).toHaveLength(2);
  });
});

describe('an entry that recurs', () => {
  function bundle(make: (draft: Draft) => void): Normalized {
    const one = draft();
    make(one);
    return one.finish(end) as Normalized;
  }
  const addAll = (one: Draft, entries: readonly Entry[]) => {
    for (const entry of entries) one.addMade(entry);
  };
  const added: Entry[] = [];
  const first = bundle((one) => {
    one.gather(added);
    const organization = one.add(['o'], { resourceType: 'Organization', name: '晨光' });
    one.add(['l'], { resourceType: 'Location', name: '302', managingOrganization: { reference: organization } });
    one.gather(undefined);
  });
  const made = added.map(recurrent);
  const again = () => bundle((one) => addAll(one, made));

  test('has the same bytes in every bundle', () => {
    for (let turn = 0; turn < 3; turn++) expect(again().bytes).toEqual(first.bytes);
  });

  test('is refused where what it refers to is not there', () => {
    again();
    const refused = bundle((one) => one.addMade(made[1]!));
    expect(refused).toMatchObject({ status: 'rejected', issues: [{ code: 'fhir.reference' }] });
  });

  test('is filled in one bundle, and stays as it was in the next', () => {
    const filled = bundle((one) => {
      addAll(one, made);
      one.add(['o'], { resourceType: 'Organization', alias: ['CG'] });
    });
    expect(filled.bundle.entry![0]!.resource).toMatchObject({ name: '晨光', alias: ['CG'] });
    expect(again().bytes).toEqual(first.bytes);
  });
});
