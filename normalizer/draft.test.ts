import { describe, expect, test } from 'vitest';
import type { Normalized } from '../core/types.ts';
import { codeMapping, Draft } from './draft.ts';

const context = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};
const draft = (trace = false) => new Draft({ ...context, trace }, codeMapping('test', '1'));
const end = {
  patient: { system: 'urn:x', value: '1' },
  source: { contentType: 'text/plain', bytes: new TextEncoder().encode('abc') },
};

describe('a draft', () => {
  test('gives the same key the same resource, and fills what it lacks', () => {
    const one = draft();
    const urn = one.add(['1'], {
      resourceType: 'Patient',
      gender: 'male',
      identifier: [{ value: 'a' }],
      name: [{ text: 'x' }],
    });
    const again = one.add(['1'], {
      resourceType: 'Patient',
      gender: 'female',
      birthDate: '1978',
      identifier: [{ value: 'a' }, { value: 'b' }],
      name: [{ text: 'y' }],
    });
    expect(again).toBe(urn);
    const { bundle } = one.finish(end) as Normalized;
    expect(
      bundle.entry!.filter(({ resource }) => resource!.resourceType === 'Patient').map(({ resource }) => resource),
    ).toEqual([
      {
        resourceType: 'Patient',
        id: urn.slice(9),
        gender: 'male',
        birthDate: '1978',
        identifier: [{ value: 'a' }, { value: 'b' }],
        name: [{ text: 'x' }],
      },
    ]);
  });

  test('other keys, types and hospitals give other ids', () => {
    const ids = [
      draft().urn('Patient', ['a|b', 'c']),
      draft().urn('Patient', ['a', 'b|c']),
      draft().urn('Person', ['a|b', 'c']),
    ];
    const other = new Draft({ ...context, hospital: { ...context.hospital, id: 'other' } }, codeMapping('test', '1'));
    expect(new Set([...ids, other.urn('Patient', ['a|b', 'c'])]).size).toBe(4);
  });

  test('prunes what is empty, and keeps nulls beside extensions', () => {
    const one = draft();
    one.add(['1'], {
      resourceType: 'Patient',
      name: [{ family: '', given: ['A', null as never], _given: [null as never, { id: 'x' }] }],
      address: [{}],
      telecom: [],
    });
    const { bundle } = one.finish(end) as Normalized;
    expect(bundle.entry![0]!.resource).toMatchObject({
      name: [{ given: ['A', null], _given: [null as never, { id: 'x' }] }],
    });
    expect(Object.keys(bundle.entry![0]!.resource!).sort()).toEqual(['id', 'name', 'resourceType']);
  });

  test('ends with the source, the device and the provenance of all that was added', () => {
    const one = draft();
    const urn = one.add(['1'], { resourceType: 'Patient' });
    const { bundle } = one.finish({ ...end, occurred: '2026-01-05T10:15:00+08:00' }) as Normalized;
    const [, binary, device, provenance] = bundle.entry!;
    expect(binary!.resource).toMatchObject({ contentType: 'text/plain', data: 'YWJj' });
    expect(provenance!.resource).toMatchObject({
      target: [{ reference: urn }],
      recorded: '2026-01-05T10:15:00+08:00',
      agent: [{ who: { reference: device!.fullUrl } }],
      // `printf abc | openssl dgst -sha256 -binary | basenc --base64url`
      entity: [
        {
          role: 'source',
          what: {
            reference: binary!.fullUrl,
            identifier: { value: 'ni:///sha-256;ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0' },
          },
        },
      ],
    });
    expect(
      bundle.entry!.every(({ request, resource }) => request!.url === `${resource!.resourceType}/${resource!.id}`),
    ).toBe(true);
  });

  test('does not leave with an invalid resource', () => {
    const one = draft();
    one.issue('information', 'field.no-zone', 'X', 'told before');
    one.add(['1'], { resourceType: 'Patient', gender: 'M' as never });
    expect(one.finish(end)).toMatchObject({
      status: 'rejected',
      code: 'item.invalid-bundle',
      issues: expect.arrayContaining([expect.objectContaining({ code: 'fhir.binding' })]),
    });
  });

  test('has issues from warnings on, not from information', () => {
    const status = (severity: 'information' | 'warning') => {
      const one = draft();
      one.add(['1'], { resourceType: 'Patient' });
      one.issue(severity, 'field.invalid', 'X', 'x');
      return one.finish(end).status;
    };
    expect([status('information'), status('warning')]).toEqual(['ok', 'issues']);
  });

  test('traces only when asked', () => {
    const one = draft(true);
    one.sources.seen('PID-5');
    one.sources.used('PID-5', 'Patient[0].name', 'xpn');
    one.add(['1'], { resourceType: 'Patient' });
    expect((one.finish(end) as Normalized).trace).toEqual([
      { element: 'Patient[0].name', source: 'PID-5', rule: 'xpn' },
    ]);
  });
});
