/** Codes and units that are not what they are said to be. */
import { knownCodes } from '../terminology/known-codes.ts';
import { isUcum } from '../terminology/ucum.ts';
import type { Told, Tree } from './index.ts';

export const UCUM = 'http://unitsofmeasure.org';
const V2_TABLE = 'http://terminology.hl7.org/CodeSystem/v2-';

/** False where R4 lists the codes of the system, and this is none of them. */
export function mayBeOf(system: string, code: string): boolean {
  return knownCodes(system)?.has(code) ?? true;
}

/** A code that its standard system does not have is the sender's own. */
export function settleCode(tree: Tree, system: string, code: string, hospital: string, told: Told): void {
  if (mayBeOf(system, code)) return;
  const own = localSystem(system, hospital);
  told.code(own, code);
  tree.system = own;
}

/** A unit that is no UCUM is a text. */
export function settleUnit(tree: Tree, code: string, hospital: string, told: Told): void {
  if (isUcum(code)) return;
  const own = localSystem(UCUM, hospital);
  told.code(own, code);
  if ('value' in tree || 'unit' in tree) {
    tree.unit ??= code;
    delete tree.system;
    delete tree.code;
  } else tree.system = own;
}

export function settleProse(coding: Tree, code: string, told: Told): void {
  told.note('a text in the place of a code was kept as a display, or left out where there is one');
  delete coding.code;
  delete coding.system;
  coding.display ??= code;
}

/** `…/v2-0203` → `urn:dhc:<hospital>:table:0203`, `…/v3-ActCode` → `urn:dhc:<hospital>:code-system:v3-ActCode` */
function localSystem(system: string, hospital: string): string {
  if (system.startsWith(V2_TABLE)) return `urn:dhc:${hospital}:table:${system.slice(V2_TABLE.length)}`;
  const name = system === UCUM ? 'UCUM' : system.slice(system.lastIndexOf('/') + 1);
  return `urn:dhc:${hospital}:code-system:${encodeURIComponent(name)}`;
}
