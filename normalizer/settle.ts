/**
 * The last word before the gate on what any map or converter wrote, so that no validator refuses a record for it and
 * nothing of it is lost. A code that its standard system does not have is the sender's own, and is kept under a system of
 * the hospital; a unit that is no UCUM is kept as text; an end that does not surely follow its start stands beside the period;
 * a currency that ISO 4217 does not have stands beside the amount; an organization's address or number is nobody's home.
 */
import { isOrdered } from './shared/datetime.ts';
import { CURRENCIES } from './terminology/currencies.ts';
import { knownCodes } from './terminology/known-codes.ts';
import { isUcum } from './terminology/ucum.ts';

const UCUM = 'http://unitsofmeasure.org';
const DATA_ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
const V2_TABLE = 'http://terminology.hl7.org/CodeSystem/v2-';
/** On `Period.end`, which then has no value of its own (R4 per-1 refuses one before the start, or as coarse as to include it). */
const END = 'urn:dhc:extension:end-as-sent';

/** On `Money.currency`, as above. */
const CURRENCY = 'urn:dhc:extension:currency-as-sent';

/** Characters of a code; what is longer is a text in its place, on which validators' patterns overflow. */
const LONGEST = 1000;

type Tree = Record<string, unknown>;

export interface Told {
  /** A code that was not in the system it named, with the hospital's system that it has now. */
  readonly code: (system: string, code: string) => void;
  /** One sentence of anything else. */
  readonly note: (detail: string) => void;
}

/** @param value of a resource that is being built; changed in place */
export function settle(value: unknown, hospital: string, told: Told): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) settle(item, hospital, told);
    return;
  }
  const tree = value as Tree;
  if (typeof tree.code === 'string' && tree.code.length > LONGEST) settleProse(tree, tree.code, told);
  if (typeof tree.system === 'string' && typeof tree.code === 'string')
    settleCode(tree, tree.system, tree.code, hospital, told);
  if (typeof tree.end === 'string' && typeof tree.start === 'string' && tree.resourceType === undefined)
    settlePeriod(tree, tree.start, tree.end, told);
  if (typeof tree.currency === 'string' && !CURRENCIES.has(tree.currency)) settleCurrency(tree, tree.currency, told);
  if (tree.resourceType === 'Organization') settleHomes(tree, told);
  if (tree.resourceType === 'Patient') settleContacts(tree);
  for (const key of Object.keys(tree)) {
    const part = tree[key];
    if (typeof part === 'object') settle(part, hospital, told);
  }
}

function settleCode(tree: Tree, system: string, code: string, hospital: string, told: Told): void {
  if (system === UCUM ? isUcum(code) : (knownCodes(system)?.has(code) ?? true)) return;
  const own = localSystem(system, hospital);
  told.code(own, code);
  if (system === UCUM && ('value' in tree || 'unit' in tree)) {
    tree.unit ??= code;
    delete tree.system;
    delete tree.code;
  } else tree.system = own;
}

function settleProse(coding: Tree, code: string, told: Told): void {
  told.note('a text in the place of a code was kept as a display, or left out where there is one');
  delete coding.code;
  delete coding.system;
  coding.display ??= code;
}

function settlePeriod(tree: Tree, start: string, end: string, told: Told): void {
  if (isOrdered(start, end)) return;
  told.note('an end that R4 does not take beside its start was kept as an extension');
  delete tree.end;
  tree._end = { extension: [{ url: END, valueDateTime: end }] };
}

function settleCurrency(tree: Tree, currency: string, told: Told): void {
  told.note('a currency that ISO 4217 does not have was kept as an extension');
  delete tree.currency;
  tree._currency = { extension: [{ url: CURRENCY, valueString: currency }] };
}

/** R4 org-2 and org-3. */
function settleHomes(organization: Tree, told: Told): void {
  for (const name of ['address', 'telecom'])
    for (const one of (organization[name] ?? []) as Tree[]) {
      if (one.use !== 'home') continue;
      told.note('an address or number of an organization was kept without its use, home');
      delete one.use;
    }
}

/** R4 pat-1: a contact of whom no more is known than the kinship has a name that is not known. */
function settleContacts(patient: Tree): void {
  for (const contact of (patient.contact ?? []) as Tree[])
    if (!['name', 'telecom', 'address', 'organization'].some((part) => contact[part] !== undefined))
      contact.name = { extension: [{ url: DATA_ABSENT, valueCode: 'unknown' }] };
}

/** `…/v2-0203` → `urn:dhc:<hospital>:table:0203`, `…/v3-ActCode` → `urn:dhc:<hospital>:code-system:v3-ActCode` */
function localSystem(system: string, hospital: string): string {
  if (system.startsWith(V2_TABLE)) return `urn:dhc:${hospital}:table:${system.slice(V2_TABLE.length)}`;
  const name = system === UCUM ? 'UCUM' : system.slice(system.lastIndexOf('/') + 1);
  return `urn:dhc:${hospital}:code-system:${encodeURIComponent(name)}`;
}
