/** Invariants of resources that a sender's data can break. */
import type { Told, Tree } from './index.ts';

const ABSENT = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
};

export function settleResource(resource: Tree, told: Told): void {
  switch (resource.resourceType) {
    case 'Organization':
      settleHomes(resource, told);
      // org-1: it has a name or a number.
      if (resource.identifier === undefined && resource.name === undefined) resource._name = ABSENT;
      break;
    case 'Patient':
      settleContacts(resource);
      break;
    case 'Provenance':
      resource.agent ??= [{ who: ABSENT }];
      break;
    case 'ServiceRequest':
      // prr-1: details are those of a code.
      if (resource.orderDetail !== undefined) resource.code ??= ABSENT;
      break;
    default:
  }
}

/** False where `settleResource` may have something to do. */
export function isSettledResource(its: Tree): boolean {
  switch (its.resourceType) {
    case 'Organization':
      return (its.identifier ?? its.name) !== undefined && !WHERE.some((name) => listOf(its[name]).some(isHome));
    case 'Patient':
      return listOf(its.contact).every(isReachable);
    case 'Provenance':
      return its.agent !== undefined;
    case 'ServiceRequest':
      return its.orderDetail === undefined || its.code !== undefined;
    default:
      return true;
  }
}

/** Of an organization. */
const WHERE = ['address', 'telecom'];

/** org-2 and org-3: an organization's address or number is nobody's home. */
function settleHomes(organization: Tree, told: Told): void {
  for (const name of WHERE) {
    const list = listOf(organization[name]);
    if (list.some(isHome)) organization[name] = list.map((one) => (isHome(one) ? withoutUse(one, told) : one));
  }
}

function isHome({ use }: Tree): boolean {
  return use === 'home';
}

function withoutUse(one: Tree, told: Told): Tree {
  told.note('an address or number of an organization was kept without its use, home');
  const copy = { ...one };
  delete copy.use;
  return copy;
}

/** pat-1: a contact of whom no more is known than the kinship has a name that is not known. */
function settleContacts(patient: Tree): void {
  const contacts = listOf(patient.contact);
  if (!contacts.every(isReachable))
    patient.contact = contacts.map((contact) => (isReachable(contact) ? contact : { ...contact, name: ABSENT }));
}

function isReachable({ name, telecom, address, organization }: Tree): boolean {
  return (name ?? telecom ?? address ?? organization) !== undefined;
}

function listOf(value: unknown): readonly Tree[] {
  return (value ?? []) as readonly Tree[];
}
