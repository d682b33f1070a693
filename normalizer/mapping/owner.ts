/** Whose record an item is. */
import type { PatientIdentifier } from '../../core/types.ts';
import type { Place } from './problems.ts';
import type { Run } from './run.ts';
import { entryOf } from './sources/format.ts';
import type { Position, Target, Value } from './value.ts';
import { compileValue } from './values.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

/** Null: it belongs to no person. Undefined: the item names nobody. */
export type OwnerRule = (run: Run) => PatientIdentifier | null | undefined;

export function compileOwner(
  node: Node | undefined,
  at: Place,
  world: World,
  position: Position,
): OwnerRule | undefined {
  if (!node) {
    world.problems.add(
      at,
      'the map does not say whose record it makes',
      "write owner: { system: '${patientSystem}', value: $PATIENT_ID }, or owner: none",
    );
    return undefined;
  }
  if (node.kind === 'scalar' && node.tag === undefined && node.text === 'none') return () => null;
  const target: Target = { allowed: ['Identifier'], element: undefined, path: 'owner', array: true, at: position };
  if (node.kind === 'map' && node.tag === undefined) return named(node, world, target);
  const items = node.kind === 'list' && node.tag === undefined ? node.items : [node];
  const values = items.map((item) => compileValue(item, target, world));
  if (!values.every((value) => value !== undefined)) return undefined;
  return (run) =>
    pick(
      run,
      values.flatMap((value) => identifiers(value, run)),
      world.source,
    );
}

/** `{ system, value }` */
function named(node: Node & { kind: 'map' }, world: World, target: Target): OwnerRule | undefined {
  const [system, value] = ['system', 'value'].map((key) => {
    const found = entryOf(node.entries, key)?.value;
    if (!found)
      world.problems.add(
        node.at,
        `owner has no ${key}`,
        "write owner: { system: '${patientSystem}', value: $PATIENT_ID }",
      );
    return found && compileValue(found, { ...target, allowed: ['string'], array: false, path: `owner.${key}` }, world);
  });
  for (const { key, at } of node.entries)
    if (!['system', 'value'].includes(key))
      world.problems.add(at, `owner has no part ${key}`, 'write system and value');
  if (!system || !value) return undefined;
  if (value.constant) world.problems.add(node.at, 'the owner is the same for every item', 'write value: $ADDRESS');
  return (run) => {
    const [uri, own] = [system.get(run), value.get(run)];
    return uri === undefined || own === undefined ? undefined : { system: String(uri), value: String(own) };
  };
}

function identifiers(value: Value, run: Run): fhir4.Identifier[] {
  const made = value.get(run);
  return made === undefined ? [] : Array.isArray(made) ? made : [made as fhir4.Identifier];
}

/** The hospital's own patient number, else the first medical record number, else the first number at all. */
function pick(run: Run, all: readonly fhir4.Identifier[], source: string): PatientIdentifier | undefined {
  const { hospital, feed } = run.draft.context;
  const typed = (code: string) => all.find((one) => one.type?.coding?.[0]?.code === code);
  const own =
    all.find((one) => one.system !== undefined && one.system === hospital.patientSystem) ??
    typed('MR') ??
    typed('PI') ??
    all[0];
  if (!own?.value) return undefined;
  return { system: own.system ?? `urn:dhc:${hospital.id}:${source}:${feed}:Patient`, value: own.value };
}
