/** Allergy Concern Act (template 4.30) and Allergy Observation (4.7) → AllergyIntolerance. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, isNegated, keyFor, owns, reference } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { authorOf } from '../header/people.ts';
import { concept, conceptOf, thoConcept } from '../types/codes.ts';
import { identifiersOf } from '../types/ids.ts';
import { absentExtension } from '../types/nulls.ts';
import { dateTimeOf, momentOf } from '../types/times.ts';
import { notesOf } from './observation.ts';
import { clinicalStatus, related, SNOMED } from './problems.ts';

type Kind = {
  readonly type?: fhir4.AllergyIntolerance['type'];
  readonly category?: 'food' | 'medication' | 'environment';
};
/** SNOMED CT propensity in the observation's value. */
const KINDS: Readonly<Record<string, Kind>> = {
  416098002: { type: 'allergy', category: 'medication' },
  414285001: { type: 'allergy', category: 'food' },
  419199007: { type: 'allergy' },
  426232007: { type: 'allergy', category: 'environment' },
  59037007: { type: 'intolerance', category: 'medication' },
  235719002: { type: 'intolerance', category: 'food' },
  419511003: { category: 'medication' },
  418471000: { category: 'food' },
};
/** What a negated propensity without a substance says (C-CDA on FHIR, "No Known Allergies"). */
const NONE_KNOWN: Readonly<Record<string, [string, string]>> = {
  medication: ['409137002', 'No known drug allergy'],
  food: ['429625007', 'No known food allergy'],
  environment: ['428607008', 'No known environmental allergy'],
};

export function mapAllergies(cda: Cda, statement: XmlElement): string[] | undefined {
  const concern = statement.name === 'act' ? statement : undefined;
  const observations = concern
    ? concern.elements('entryRelationship').flatMap((r) => r.elements('observation'))
    : [statement];
  const found = observations.filter((o) => o.name === 'observation' && (o.child('participant') || o.child('value')));
  return found.length ? found.map((observation) => addAllergy(cda, observation, concern)) : undefined;
}

function addAllergy(cda: Cda, observation: XmlElement, concern: XmlElement | undefined): string {
  owns(cda, concern ?? observation, 'AllergyIntolerance', 'allergies');
  const { draft } = cda;
  const kind = KINDS[observation.child('value')?.attr('code') ?? ''] ?? {};
  const substance = substanceOf(observation);
  const negated = isNegated(observation);
  const time = observation.child('effectiveTime');
  const end = dateTimeOf(time?.child('high'), draft);
  const status = clinicalStatus(observation, concern, end !== undefined);
  const author = observation.child('author') ? observation : concern;
  return draft.add(keyFor(cda, 'AllergyIntolerance', observation), {
    resourceType: 'AllergyIntolerance',
    identifier: identifiersOf(observation, cda.scope),
    clinicalStatus: thoConcept('allergyintolerance-clinical', CLINICAL.has(status) ? status : 'inactive'),
    verificationStatus: thoConcept('allergyintolerance-verification', negated && substance ? 'refuted' : 'confirmed'),
    type: kind.type,
    category: kind.category ? [kind.category] : [],
    criticality: CRITICALITY[related(observation, '82606-5')?.child('value')?.attr('code') ?? ''],
    code: substance ?? (negated ? noneKnown(kind) : { extension: absentExtension(playing(observation)) }),
    patient: { reference: cda.patient },
    onsetDateTime: dateTimeOf(time?.child('low'), draft) ?? dateTimeOf(time, draft),
    recordedDate: momentOf(author?.child('author', 'time'), draft),
    recorder: reference(author && authorOf(cda, author)),
    note: notesOf(observation),
    reaction: reactionsOf(observation, draft),
  });
}

const CLINICAL = new Set(['active', 'inactive', 'resolved']);
const CRITICALITY: Readonly<Record<string, fhir4.AllergyIntolerance['criticality']>> = {
  CRITL: 'low',
  CRITH: 'high',
  CRITU: 'unable-to-assess',
};

function noneKnown(kind: Kind): fhir4.CodeableConcept {
  const [code, display] = NONE_KNOWN[kind.category ?? ''] ?? ['716186003', 'No known allergy'];
  return concept(SNOMED, code, display);
}

function playing(observation: XmlElement): XmlElement | undefined {
  return observation.child('participant', 'participantRole', 'playingEntity');
}

function substanceOf(observation: XmlElement): fhir4.CodeableConcept | undefined {
  const entity = playing(observation);
  const coded = conceptOf(entity?.child('code'));
  if (coded?.coding || coded?.text) return coded;
  const name = entity?.child('name')?.text();
  return name ? { text: name } : undefined;
}

const SEVERITY: Readonly<Record<string, fhir4.AllergyIntoleranceReaction['severity']>> = {
  255604002: 'mild',
  371923003: 'mild',
  6736007: 'moderate',
  371924009: 'severe',
  24484000: 'severe',
  399166001: 'severe',
};

function reactionsOf(observation: XmlElement, draft: Cda['draft']): fhir4.AllergyIntoleranceReaction[] {
  const manifest = observation.elements('entryRelationship').filter((r) => r.attr('typeCode') === 'MFST');
  return manifest.flatMap((relation) => {
    const reaction = relation.child('observation');
    const manifestation = conceptList(reaction?.child('value'));
    if (!reaction || !manifestation.length || isNegated(reaction)) return [];
    const severity = SEVERITY[related(reaction, 'SEV')?.child('value')?.attr('code') ?? ''];
    return [{ manifestation, severity, onset: momentOf(reaction.child('effectiveTime'), draft) }];
  });
}
