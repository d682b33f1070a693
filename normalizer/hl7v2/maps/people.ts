/** Persons and places that segments name: Practitioner (XCN), Location (PL), Organization (XON). */

import { authoritySystem, xpn } from '../datatypes.ts';
import type { Value } from '../reader/value.ts';
import type { Scope } from '../scope.ts';

/** XCN (v2.9 §2A.3.86) → Practitioner; returns a reference, or undefined where nobody is named. */
export function practitioner(scope: Scope, value: Value): fhir4.Reference | undefined {
  const id = value.part(1).trimmed;
  const name = xpn(scope, value, 2, { type: 10, representation: 15 });
  if (id === undefined && name === undefined) return undefined;
  const system = authoritySystem(scope, value.part(9));
  const type = value.part(13).code;
  const made: fhir4.Practitioner = {
    resourceType: 'Practitioner',
    ...(id === undefined
      ? {}
      : {
          identifier: [{ ...(type ? { type: identifierType(type) } : {}), ...(system ? { system } : {}), value: id }],
        }),
    ...(name ? { name: [name] } : {}),
  };
  const key = id === undefined ? ['name', JSON.stringify(name)] : ['id', system ?? '', id];
  return { reference: scope.draft.add(key, made) };
}

function identifierType(code: string): fhir4.CodeableConcept {
  return { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code }] };
}

const LEVELS = [
  { component: 7, type: 'bu' },
  { component: 8, type: 'lvl' },
  { component: 1, type: 'wa' },
  { component: 2, type: 'ro' },
  { component: 3, type: 'bd' },
] as const;

/** PL (§2A.3.53) → a Location for each level that is named, each part of the one above; returns the innermost. */
export function location(scope: Scope, value: Value): fhir4.Reference | undefined {
  const facility = value.part(4).trimmed ?? '';
  let key = ['pl', facility];
  let inner: string | undefined;
  for (const { component, type } of LEVELS) {
    const name = value.part(component).trimmed;
    if (name === undefined) continue;
    key = [...key, type, name];
    inner = scope.draft.add(key, {
      resourceType: 'Location',
      name,
      mode: 'instance',
      physicalType: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/location-physical-type', code: type }],
      },
      ...(inner ? { partOf: { reference: inner } } : {}),
    });
  }
  return inner ? { reference: inner } : undefined;
}

/** XON (§2A.3.87) → Organization. */
export function organization(scope: Scope, value: Value, id?: fhir4.Identifier): fhir4.Reference | undefined {
  const name = value.part(1).trimmed;
  const own = value.part(10).trimmed;
  const system = authoritySystem(scope, value.part(6));
  const identifier = id ?? (own === undefined ? undefined : { ...(system ? { system } : {}), value: own });
  if (name === undefined && identifier === undefined) return undefined;
  const key = identifier ? ['id', identifier.system ?? '', identifier.value ?? ''] : ['name', name!];
  const made: fhir4.Organization = {
    resourceType: 'Organization',
    ...(identifier ? { identifier: [identifier] } : {}),
    ...(name ? { name } : {}),
  };
  return { reference: scope.draft.add(key, made) };
}
