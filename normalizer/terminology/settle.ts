/**
 * The last word on codes before the gate, whatever map or converter wrote them. A code that its standard system does not
 * have is the sender's own, and is kept under a system of the hospital; a unit that is no UCUM is kept as text.
 */
import { knownCodes } from './known-codes.ts';
import { isUcum } from './ucum.ts';

const UCUM = 'http://unitsofmeasure.org';
const V2_TABLE = 'http://terminology.hl7.org/CodeSystem/v2-';

type Tree = Record<string, unknown>;

/** @param told of each code that was not in the system it named, with the hospital's system that it has now */
export function settleCodes(value: unknown, hospital: string, told: (system: string, code: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) settleCodes(item, hospital, told);
    return;
  }
  const tree = value as Tree;
  if (typeof tree.system === 'string' && typeof tree.code === 'string')
    settle(tree, tree.system, tree.code, hospital, told);
  for (const key of Object.keys(tree)) {
    const part = tree[key];
    if (typeof part === 'object') settleCodes(part, hospital, told);
  }
}

function settle(
  tree: Tree,
  system: string,
  code: string,
  hospital: string,
  told: (system: string, code: string) => void,
): void {
  if (system === UCUM ? isUcum(code) : (knownCodes(system)?.has(code) ?? true)) return;
  const own = localSystem(system, hospital);
  told(own, code);
  if (system === UCUM && ('value' in tree || 'unit' in tree)) {
    tree.unit ??= code;
    delete tree.system;
    delete tree.code;
  } else tree.system = own;
}

/** `…/v2-0203` → `urn:dhc:<hospital>:table:0203`, `…/v3-ActCode` → `urn:dhc:<hospital>:code-system:v3-ActCode` */
export function localSystem(system: string, hospital: string): string {
  if (system.startsWith(V2_TABLE)) return `urn:dhc:${hospital}:table:${system.slice(V2_TABLE.length)}`;
  const name = system === UCUM ? 'UCUM' : system.slice(system.lastIndexOf('/') + 1);
  return `urn:dhc:${hospital}:code-system:${encodeURIComponent(name)}`;
}
