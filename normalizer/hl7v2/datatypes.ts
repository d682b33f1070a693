/** HL7 v2 data types → R4 data types, by the v2-to-FHIR guide's data type maps. */
import { type CodeParts, concept } from '../shared/code.ts';
import { codeSystem, identifierSystem, uriOf } from '../shared/systems.ts';
import type { Value } from './reader/value.ts';
import type { Scope } from './scope.ts';

const IDENTIFIER_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** HD (v2.9 §2A.3.29) → identifier system. */
export function authoritySystem(scope: Scope, hd: Value): string | undefined {
  return assigner(scope, hd.part(1), hd.part(2), hd.part(3));
}

/** HL7 table 0301, as far as it says no more than the id itself does. */
const UNIVERSAL = { ISO: 'ISO', UUID: 'UUID', GUID: 'GUID', URI: 'URI', DNS: 'DNS', L: 'L' };

/** Of name and universal id the one that makes the system is read: the id where it is a URI, else the name. */
function assigner(scope: Scope, name: Value, id: Value, type: Value): string | undefined {
  const universal = scope.look(() => id.trimmed);
  const isUri = universal !== undefined && uriOf(universal) !== undefined;
  const named = isUri ? undefined : name.trimmed;
  const own = isUri || named === undefined ? id.trimmed : undefined;
  return identifierSystem({ name: named, id: own, type: type.in(UNIVERSAL) }, scope.draft.context);
}

/** CX (§2A.3.14). */
export function cx(scope: Scope, value: Value): fhir4.Identifier | undefined {
  const id = value.part(1).trimmed;
  if (id === undefined) return undefined;
  const type = value.part(5).code;
  const system = authoritySystem(scope, value.part(4));
  const period = scope.period(value.part(7), value.part(8));
  return {
    ...(type ? { type: { coding: [{ system: IDENTIFIER_TYPE, code: type }] } } : {}),
    ...(system ? { system } : {}),
    value: id,
    ...(period ? { period } : {}),
  };
}

/** EI (§2A.3.20); its authority stands in components 2 to 4. */
export function ei(scope: Scope, value: Value, type?: string): fhir4.Identifier | undefined {
  const id = value.part(1).trimmed;
  if (id === undefined) return undefined;
  const system = assigner(scope, value.part(2), value.part(3), value.part(4));
  return {
    ...(type ? { type: { coding: [{ system: IDENTIFIER_TYPE, code: type }] } } : {}),
    ...(system ? { system } : {}),
    value: id,
  };
}

/** Id of a person in XCN (§2A.3.86): components 1, 9 and 13. */
export function xcnId(scope: Scope, value: Value): fhir4.Identifier | undefined {
  return numbered(scope, value.part(1).trimmed, value.part(9), value.part(13).trimmed);
}

/** Id of an organization in XON (§2A.3.87): component 10, in versions before 2.7 component 3. */
export function xonId(scope: Scope, value: Value): fhir4.Identifier | undefined {
  const id = value.part(10).trimmed ?? value.part(3).trimmed;
  return numbered(scope, id, value.part(6), value.part(7).code);
}

function numbered(scope: Scope, id: string | undefined, authority: Value, type: string | undefined) {
  if (id === undefined) return undefined;
  const system = authoritySystem(scope, authority);
  return {
    ...(type ? { type: { coding: [{ system: IDENTIFIER_TYPE, code: type }] } } : {}),
    ...(system ? { system } : {}),
    value: id,
  };
}

/** CWE, CE, CNE, CF and, in older versions, a plain code: all triplets, versions and original text (§2A.3.13). */
export function codedValue(scope: Scope, value: Value, table?: string): fhir4.CodeableConcept | undefined {
  if (value.isNull) {
    value.use();
    return undefined;
  }
  const first = triplet(scope, value, [1, 2, 3, 7], table);
  const second = triplet(scope, value, [4, 5, 6, 8]);
  const third = triplet(scope, value, [10, 11, 12, 13]);
  const text = value.part(9).trimmed;
  return concept(withoutTwins([first, second, third]), text ?? first.display ?? second.display ?? third.display);
}

function triplet(scope: Scope, value: Value, [code, text, system, version]: number[], table?: string): CodeParts {
  const id = value.part(code!).trimmed;
  const display = value.part(text!).trimmed;
  // Without a code, its system and version say nothing that a record could hold.
  if (id === undefined) return { display };
  const name = value.part(system!).trimmed ?? table;
  if (!name && !display && isProse(id)) return { display: id };
  const uri = codeSystem(name, scope.draft.context);
  return { code: id, display, system: uri, version: uri ? value.part(version!).trimmed : undefined };
}

/** Senders write plain words where a code is expected. */
function isProse(text: string): boolean {
  return /\p{Script=Han}|\S\s+\S/u.test(text);
}

function withoutTwins(parts: readonly CodeParts[]): CodeParts[] {
  return parts.filter(
    (part, index) =>
      !parts
        .slice(0, index)
        .some(
          (other) =>
            other.code === part.code &&
            other.system === part.system &&
            (part.display === undefined || part.display === other.display),
        ),
  );
}
