/** componentOf/encompassingEncounter → Encounter, and what section encounters share with it. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns, reference, visitKey } from '../document.ts';
import { codingsOf, conceptOf } from '../types/codes.ts';
import { addressesOf, plainName } from '../types/contact.ts';
import { identifiersOf } from '../types/ids.ts';
import { momentOf, periodOf } from '../types/times.ts';
import { addOrganization, addPerson } from './people.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CLASSES = new Set(['AMB', 'EMER', 'FLD', 'HH', 'IMP', 'ACUTE', 'NONAC', 'OBSENC', 'PRENC', 'SS', 'VR']);

/** Encounter.class is required in R4: the ActCode among the codings, else unknown; never guessed from a billing code. */
export function classOf(codings: readonly fhir4.Coding[]): fhir4.Coding {
  const found = codings.find((c) => CLASSES.has(c.code ?? '') && (c.system === ACT_CODE || !c.system));
  return found
    ? { ...found, system: ACT_CODE }
    : { system: 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor', code: 'UNK' };
}

/** 门诊号 or 住院号 tell the class of a WS/T 500 document. */
function classOfVisit(identifiers: readonly fhir4.Identifier[]): fhir4.Coding | undefined {
  const kind = identifiers.map((id) => /\.10011\.1\.(11|12)(\.|$)/.exec(id.system ?? '')?.[1]).find((k) => k);
  return kind ? { system: ACT_CODE, code: kind === '12' ? 'IMP' : 'AMB' } : undefined;
}

/** @param visit identifiers of the visit that the header holds at the patient (WS/T 500) */
export function addHeaderEncounter(cda: Cda, visit: readonly fhir4.Identifier[]): string | undefined {
  const element = cda.root.child('componentOf', 'encompassingEncounter');
  if (!element && !visit.length) return undefined;
  const { draft } = cda;
  if (element) owns(cda, element, 'Encounter', 'encounter');
  const time = element?.child('effectiveTime');
  const moment = element && !time?.child('low') ? momentOf(time, draft) : undefined;
  const period = periodOf(time, draft) ?? (moment ? { start: moment } : undefined);
  const code = element?.child('code');
  const identifier = [...visit, ...identifiersOf(element, cda.scope)];
  const facility = element?.child('location', 'healthCareFacility');
  cda.encounterKey = visit[0] ? visitKey(cda.owner, visit[0]) : keyFor(cda, 'Encounter', element!);
  return draft.add(cda.encounterKey, {
    resourceType: 'Encounter',
    identifier,
    status: period?.end ? 'finished' : 'unknown',
    class: classOfVisit(identifier) ?? classOf(codingsOf(code)),
    type: typesOf(cda, element, identifier),
    subject: { reference: cda.patient },
    period,
    participant: element ? participants(cda, element) : [],
    hospitalization: { dischargeDisposition: conceptOf(element?.child('dischargeDispositionCode')) },
    location: locationOf(cda, facility),
    serviceProvider: reference(addOrganization(cda, facility?.child('serviceProviderOrganization'))),
  });
}

/** Kind of visit, also from a section encounter with the same id; what only repeats the class is left out. */
function typesOf(
  cda: Cda,
  element: XmlElement | undefined,
  identifier: readonly fhir4.Identifier[],
): fhir4.CodeableConcept[] {
  const same = [...cda.root.walk()].filter(
    (e) => e.name === 'encounter' && identifiersOf(e, cda.scope).some((a) => identifier.some((b) => isSame(a, b))),
  );
  const all = [element, ...same].flatMap((e) => conceptList(e?.child('code')));
  return all.filter((type) => !type.coding?.every((c) => c.system === ACT_CODE && CLASSES.has(c.code ?? '')));
}

function isSame(a: fhir4.Identifier, b: fhir4.Identifier): boolean {
  return a.system === b.system && a.value === b.value;
}

export function conceptList(element: XmlElement | undefined): fhir4.CodeableConcept[] {
  const concept = conceptOf(element);
  return concept?.coding || concept?.text ? [concept] : [];
}

function participants(cda: Cda, element: XmlElement): fhir4.EncounterParticipant[] {
  const named = [...element.elements('responsibleParty'), ...element.elements('encounterParticipant')];
  return named.flatMap((one) => {
    const url = addPerson(cda, one.child('assignedEntity'));
    if (!url) return [];
    const code = one.attr('typeCode') ?? (one.name === 'responsibleParty' ? 'ATND' : undefined);
    const coding = code && { system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code };
    return [{ type: coding ? [{ coding: [coding] }] : [], individual: { reference: url } }];
  });
}

function locationOf(cda: Cda, facility: XmlElement | undefined): fhir4.EncounterLocation[] {
  const place = facility?.child('location');
  const name = plainName(place);
  if (!facility || !name) return [];
  const location = cda.draft.add(keyFor(cda, 'Location', facility), {
    resourceType: 'Location',
    identifier: identifiersOf(facility, cda.scope),
    name,
    type: conceptList(facility.child('code')),
    address: addressesOf(place)[0],
  });
  return [{ location: { reference: location } }];
}
