/** assignedEntity, assignedAuthor and the like → Practitioner, PractitionerRole, Organization, Device. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns, reference } from '../document.ts';
import { conceptOf } from '../types/codes.ts';
import { addressesOf, namesOf, plainName, telecomsOf } from '../types/contact.ts';
import { identifiersOf, keyOf } from '../types/ids.ts';

/** @returns its URN, or undefined where the element says nothing of the organisation */
export function addOrganization(cda: Cda, element: XmlElement | undefined): string | undefined {
  if (!element) return undefined;
  const identifier = identifiersOf(element, cda.scope);
  const name = plainName(element);
  // R4 org-1: an identifier or a name.
  if (!identifier[0] && !name) return undefined;
  owns(cda, element, 'Organization', 'organization');
  const parent = element.child('asOrganizationPartOf', 'wholeOrganization');
  return cda.draft.add(identifier[0] ? ['id', ...keyOf(identifier[0])] : ['name', name!], {
    resourceType: 'Organization',
    identifier,
    name,
    telecom: telecomsOf(element).map(notHome),
    address: addressesOf(element).map(notHome),
    partOf: reference(addOrganization(cda, parent)),
  });
}

/** R4 org-2, org-3: nothing of an organisation is a home, whatever a sender's template says. */
function notHome<T extends fhir4.Address | fhir4.ContactPoint>(contact: T): T {
  return contact.use === 'home' ? { ...contact, use: undefined } : contact;
}

/**
 * @param assigned assignedAuthor, assignedEntity …
 * @returns URN of whoever is named: the person, else the device, else the organisation
 */
export function addAssigned(cda: Cda, assigned: XmlElement | undefined): string | undefined {
  if (!assigned) return undefined;
  const device = assigned.child('assignedAuthoringDevice');
  if (device) return addDevice(cda, assigned, device);
  return addPerson(cda, assigned) ?? addOrganization(cda, organizationOf(assigned));
}

/** @returns URN of a PractitionerRole where code or organisation is given, else of a Practitioner; undefined where no person is named */
export function addPerson(cda: Cda, assigned: XmlElement | undefined): string | undefined {
  const practitioner = assigned && addPractitioner(cda, assigned);
  if (!practitioner) return undefined;
  const organization = addOrganization(cda, organizationOf(assigned));
  const code = conceptOf(assigned.child('code'));
  const said = code?.coding || code?.text;
  if (!organization && !said) return practitioner;
  return cda.draft.add([practitioner, organization ?? '', code?.coding?.[0]?.code ?? code?.text ?? ''], {
    resourceType: 'PractitionerRole',
    practitioner: { reference: practitioner },
    organization: reference(organization),
    code: said ? [code] : [],
  });
}

function organizationOf(assigned: XmlElement): XmlElement | undefined {
  return assigned.child('representedOrganization') ?? assigned.child('scopingOrganization');
}

function addPractitioner(cda: Cda, assigned: XmlElement): string | undefined {
  const person = assigned.child('assignedPerson') ?? assigned.child('associatedPerson');
  const name = namesOf(person);
  const identifier = identifiersOf(assigned, cda.scope);
  if (assigned.child('assignedAuthoringDevice') || (!name.length && !identifier.length)) return undefined;
  owns(cda, assigned, 'Practitioner', 'practitioner');
  const written = name.map((n) => n.text ?? [n.family, ...(n.given ?? [])].join(' ')).join();
  const key = identifier[0] ? ['id', ...keyOf(identifier[0])] : ['cda', ...cda.documentKey, 'name', written];
  return cda.draft.add(key, {
    resourceType: 'Practitioner',
    identifier,
    name,
    telecom: telecomsOf(assigned),
    address: addressesOf(assigned),
  });
}

function addDevice(cda: Cda, assigned: XmlElement, device: XmlElement): string {
  owns(cda, assigned, 'Device', 'device');
  const software = device.child('softwareName')?.text();
  const model = device.child('manufacturerModelName')?.text();
  return cda.draft.add(keyFor(cda, 'Device', assigned), {
    resourceType: 'Device',
    identifier: identifiersOf(assigned, cda.scope),
    deviceName: [
      ...(model ? [{ name: model, type: 'model-name' as const }] : []),
      ...(software ? [{ name: software, type: 'other' as const }] : []),
    ],
    owner: reference(addOrganization(cda, organizationOf(assigned))),
  });
}

/** First author of a statement that is a person. */
export function authorOf(cda: Cda, statement: XmlElement): string | undefined {
  return addPerson(cda, statement.child('author', 'assignedAuthor'));
}

/** Performers of a statement that are named. */
export function performersOf(cda: Cda, statement: XmlElement): string[] {
  return statement.elements('performer').flatMap((p) => addAssigned(cda, p.child('assignedEntity')) ?? []);
}
