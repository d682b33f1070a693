import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../core/json.ts';
import { share } from '../../parts.ts';
import { judge } from '../index.ts';

function judged(...resources: object[]) {
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource, index) => ({ fullUrl: `http://x.org/${index}`, resource })),
  } as fhir4.Bundle;
  const { bytes, issues } = judge(bundle);
  expect(Buffer.from(bytes).toString()).toBe(canonicalJson(bundle));
  return issues.map(({ detail, path }) => `${path} ${detail}`);
}

const TWICE = [0, 1];

describe('a shared part', () => {
  test('is written as any other, wherever it stands', () => {
    const coding = share({ system: 'http://loinc.org', display: '血红蛋白', code: '718-7' });
    const concept = share({ text: '血红蛋白', coding: [coding] });
    for (const _ of TWICE)
      expect(
        judged(
          { resourceType: 'Observation', status: 'final', code: concept, valueCodeableConcept: concept },
          { resourceType: 'Patient', maritalStatus: { coding: [coding] } },
        ),
      ).toEqual([]);
  });

  test('is judged anew where another value set is bound', () => {
    const concept = share({
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    });
    const subject = { reference: '#p' };
    const condition = { resourceType: 'Condition', contained: [{ resourceType: 'Patient', id: 'p' }], subject };
    for (const _ of TWICE) {
      expect(judged({ ...condition, clinicalStatus: concept })).toEqual([]);
      expect(judged({ ...condition, clinicalStatus: concept, verificationStatus: concept })).toEqual([
        'Bundle.entry[0].resource.verificationStatus is not in the required value set',
      ]);
    }
  });

  test('is judged anew where it refers to what is contained beside it', () => {
    const subject = share({ reference: '#p' });
    const contained = [{ resourceType: 'Patient', id: 'p' }];
    const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject };
    expect(judged({ ...observation, contained })).toEqual([]);
    expect(judged(observation)).toEqual(['Bundle.entry[0].resource.subject has no target']);
  });

  test('is judged anew where an invariant asks for the resource around it', () => {
    const differential = share({ element: [{ id: 'Foo', path: 'Foo' }] });
    const definition = {
      resourceType: 'StructureDefinition',
      url: 'http://x.org/foo',
      name: 'Foo',
      status: 'draft',
      abstract: true,
      differential,
    };
    for (const _ of TWICE) {
      expect(judged({ ...definition, kind: 'logical', type: 'Foo' })).toEqual([]);
      expect(judged({ ...definition, kind: 'resource', type: 'Bar' })).toEqual([
        'Bundle.entry[0].resource.differential breaks sdf-8a',
      ]);
    }
  });
});

describe('references to one resource', () => {
  const patient = { resourceType: 'Patient', id: 'p' };
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };

  test.each(['http://x.org/0', 'http://x.org/患者', `http://x.org/${'x'.repeat(200)}`])('are alike: %s', (fullUrl) => {
    const subject = { reference: fullUrl };
    const named = { display: '李', reference: fullUrl };
    const resources = [
      patient,
      { ...observation, subject, performer: [subject, named, subject] },
      { ...observation, subject: { reference: fullUrl, display: undefined } },
    ];
    const entry = resources.map((resource, index) => ({ fullUrl: index ? `urn:oid:1.${index}` : fullUrl, resource }));
    const bundle = { resourceType: 'Bundle', type: 'collection', entry } as fhir4.Bundle;
    const { bytes, issues } = judge(bundle);
    expect(issues).toEqual([]);
    expect(Buffer.from(bytes).toString()).toBe(canonicalJson(bundle));
  });

  test('are judged each where it stands', () => {
    const subject = { reference: 'http://x.org/0' };
    expect(judged(patient, { ...observation, subject }, { ...observation, encounter: subject })).toEqual([
      'Bundle.entry[2].resource.encounter has a target of a type that is not allowed',
    ]);
  });
});
