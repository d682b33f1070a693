/** Invariants of resources that Medplum passes over. */
import { canonicalJson } from '../../core/json.ts';
import { isTree } from '../tree.ts';

type Tree = Record<string, unknown>;

/** @returns keys of the invariants that the resource breaks */
export function brokenInvariants(resource: Tree): string[] {
  const broken: string[] = [];
  if (!containedAreUsed(resource)) broken.push('dom-3');
  if (resource.resourceType === 'Observation' && valueRepeatsComponent(resource)) broken.push('obs-7');
  return broken;
}

/** dom-3: whatever is contained is referred to from within, or refers to its container. */
function containedAreUsed(resource: Tree): boolean {
  if (!Array.isArray(resource.contained)) return true;
  const text = canonicalJson(resource);
  return resource.contained.every(
    (one) => !isTree(one) || text.includes(`"#${String(one.id)}"`) || canonicalJson(one).includes('"reference":"#"'),
  );
}

/** obs-7: an Observation with a value has no component of the same code. */
function valueRepeatsComponent(observation: Tree): boolean {
  if (!Object.keys(observation).some((key) => key.startsWith('value'))) return false;
  const codes = codingsOf(observation.code);
  const components = Array.isArray(observation.component) ? observation.component : [];
  return components.some((one) => isTree(one) && codingsOf(one.code).some((coding) => codes.includes(coding)));
}

function codingsOf(concept: unknown): string[] {
  const codings = isTree(concept) && Array.isArray(concept.coding) ? concept.coding : [];
  return codings.map((coding) => canonicalJson(coding));
}
