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
const UNIVERSAL = new Map(['ISO', 'UUID', 'GUID', 'URI', 'DNS', 'L'].map((type) => [type, type]));

/** Of name and universal id the one that makes the system is read: the id where it is a URI, else the name. */
function assigner(scope: Scope, name: Value, id: Value, type: Value): string | undefined {
  const universal = scope.look(() => id.text());
  const isUri = universal !== undefined && uriOf(universal) !== undefined;
  const named = isUri ? undefined : name.text();
  const own = isUri || named === undefined ? id.text() : undefined;
  return identifierSystem({ name: named, id: own, type: type.in(UNIVERSAL) }, scope.draft.context);
}

/** CX (§2A.3.14). */
export function cx(scope: Scope, value: Value): fhir4.Identifier | undefined {
  const id = value.textOf(1);
  if (id === undefined) return undefined;
  const made = identifier(id, value.part(5).code, authoritySystem(scope, value.part(4)));
  const period = scope.periodOf(value, 7, 8);
  if (period) made.period = period;
  return made;
}

/** EI (§2A.3.20); its authority stands in components 2 to 4. */
export function ei(scope: Scope, value: Value, type?: string): fhir4.Identifier | undefined {
  const id = value.textOf(1);
  if (id === undefined) return undefined;
  return identifier(id, type, assigner(scope, value.part(2), value.part(3), value.part(4)));
}

function identifier(value: string, type: string | undefined, system: string | undefined): fhir4.Identifier {
  const made: fhir4.Identifier = { value };
  if (type) made.type = { coding: [{ system: IDENTIFIER_TYPE, code: type }] };
  if (system) made.system = system;
  return made;
}

/** Id of a person in XCN (§2A.3.86): components 1, 9 and 13. */
export function xcnId(scope: Scope, value: Value): fhir4.Identifier | undefined {
  return numbered(scope, value.textOf(1), value.part(9), value.part(13).code);
}

/** Id of an organization in XON (§2A.3.87): component 10, in versions before 2.7 component 3. */
export function xonId(scope: Scope, value: Value): fhir4.Identifier | undefined {
  const id = value.textOf(10) ?? value.textOf(3);
  return numbered(scope, id, value.part(6), value.part(7).code);
}

function numbered(
  scope: Scope,
  id: string | undefined,
  authority: Value,
  type: string | undefined,
): fhir4.Identifier | undefined {
  return id === undefined ? undefined : identifier(id, type, authoritySystem(scope, authority));
}

/** CWE, CE, CNE, CF and, in older versions, a plain code: all triplets, versions and original text (§2A.3.13). */
export function codedValue(scope: Scope, value: Value, table?: string): fhir4.CodeableConcept | undefined {
  if (value.isNull) {
    value.consume();
    return undefined;
  }
  const first = triplet(scope, value, [1, 2, 3, 7], table);
  const second = triplet(scope, value, [4, 5, 6, 8]);
  const third = triplet(scope, value, [10, 11, 12, 13]);
  const text = value.textOf(9);
  return concept(withoutTwins([first, second, third]), text ?? first.display ?? second.display ?? third.display);
}

function triplet(scope: Scope, value: Value, [code, text, system, version]: number[], table?: string): CodeParts {
  const id = value.textOf(code!);
  const display = value.textOf(text!);
  // Without a code, its system and version say nothing that a record could hold.
  if (id === undefined) return { display };
  const name = value.textOf(system!) ?? table;
  if (!name && !display && isProse(id)) return { display: id };
  const uri = codeSystem(name, scope.draft.context);
  return { code: id, display, system: uri, version: uri ? value.textOf(version!) : undefined };
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
