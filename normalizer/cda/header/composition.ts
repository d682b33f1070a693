/** The document itself → Composition, and its exact bytes → DocumentReference + Binary. */
import { createHash } from 'node:crypto';
import { sourceBinary } from '../../provenance.ts';
import { type Cda, owns, reference, references } from '../document.ts';
import { codingOf, conceptOf } from '../types/codes.ts';
import { plainName } from '../types/contact.ts';
import { identifiersOf } from '../types/ids.ts';
import { absentExtension } from '../types/nulls.ts';
import { dateTimeOf, periodOf } from '../types/times.ts';
import { addAssigned, addOrganization } from './people.ts';

/** What Composition and DocumentReference both say. */
export interface DocumentHeader {
  readonly identifier?: fhir4.Identifier;
  readonly type: fhir4.CodeableConcept;
  readonly title: string;
  readonly date?: string;
  readonly authors: readonly string[];
  readonly custodian?: string;
}

/** @param catalogue title where the document has none (WS/T 500 document type) */
export function readHeader(cda: Cda, catalogue?: string): DocumentHeader {
  const { root } = cda;
  owns(cda, root, 'Composition', 'composition');
  const code = conceptOf(root.child('code'));
  const type = code?.coding || code?.text ? code : { extension: absentExtension(root.child('code')) };
  return {
    identifier: identifiersOf(root, cda.scope)[0],
    type,
    title: root.child('title')?.text() || catalogue || type.text || 'Clinical document',
    date: dateTimeOf(root.child('effectiveTime'), cda.draft),
    authors: root.elements('author').flatMap((a) => addAssigned(cda, a.child('assignedAuthor')) ?? []),
    custodian: addOrganization(cda, root.child('custodian', 'assignedCustodian', 'representedCustodianOrganization')),
  };
}

export function addComposition(cda: Cda, header: DocumentHeader, section: fhir4.CompositionSection[]): string {
  const { root, draft } = cda;
  const confidentiality = codingOf(root.child('confidentialityCode'))?.code;
  return draft.add(['cda', ...cda.documentKey], {
    resourceType: 'Composition',
    language: languageOf(cda),
    identifier: header.identifier,
    status: 'final',
    type: header.type,
    subject: { reference: cda.patient },
    encounter: reference(cda.encounter),
    ...(header.date ? { date: header.date } : { date: undefined as never, _date: { extension: absentExtension() } }),
    author: header.authors.length ? references(header.authors) : [{ extension: absentExtension() }],
    title: header.title,
    confidentiality: confidentiality && CONFIDENTIALITY.has(confidentiality) ? confidentiality : undefined,
    attester: attesters(cda),
    custodian: reference(header.custodian),
    relatesTo: relatesTo(cda),
    event: events(cda),
    section,
  } as fhir4.Composition);
}

/** @returns the reference and digest that the bundle's Provenance names as its source */
export function addSource(cda: Cda, header: DocumentHeader, bytes: Uint8Array): { reference: string; sha256: string } {
  const { draft } = cda;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const binary = draft.add([sha256], sourceBinary('text/xml', bytes));
  const made = draft.add(['cda', ...cda.documentKey], {
    resourceType: 'DocumentReference',
    masterIdentifier: header.identifier,
    status: 'current',
    docStatus: 'final',
    type: header.type,
    subject: { reference: cda.patient },
    date: header.date?.includes('T') ? header.date : undefined,
    author: references(header.authors),
    custodian: reference(header.custodian),
    description: header.title,
    content: [
      {
        attachment: {
          contentType: 'text/xml',
          language: languageOf(cda),
          url: binary,
          size: bytes.length,
          hash: createHash('sha1').update(bytes).digest('base64'),
          title: header.title,
        },
      },
    ],
    context: { encounter: cda.encounter ? [{ reference: cda.encounter }] : [] },
  });
  return { reference: made, sha256 };
}

/** v3-ConfidentialityClassification, required by Composition.confidentiality. */
const CONFIDENTIALITY = new Set(['L', 'M', 'N', 'R', 'U', 'V']);

function languageOf(cda: Cda): string | undefined {
  const code = cda.root.child('languageCode')?.attr('code')?.trim();
  return code && /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(code) ? code : undefined;
}

function attesters(cda: Cda): fhir4.CompositionAttester[] {
  const signed = [
    ...cda.root.elements('legalAuthenticator').map((element) => ({ element, mode: 'legal' as const })),
    ...cda.root.elements('authenticator').map((element) => ({ element, mode: 'professional' as const })),
  ];
  return signed.flatMap(({ element, mode }) => {
    const party = addAssigned(cda, element.child('assignedEntity'));
    const time = dateTimeOf(element.child('time'), cda.draft);
    return party || time ? [{ mode, time, party: reference(party) }] : [];
  });
}

const RELATIONS: Readonly<Record<string, fhir4.CompositionRelatesTo['code']>> = {
  RPLC: 'replaces',
  APND: 'appends',
  XFRM: 'transforms',
};

function relatesTo(cda: Cda): fhir4.CompositionRelatesTo[] {
  return cda.root.elements('relatedDocument').flatMap((related) => {
    const code = RELATIONS[related.attr('typeCode') ?? ''];
    const targetIdentifier = identifiersOf(related.child('parentDocument'), cda.scope)[0];
    return code && targetIdentifier ? [{ code, targetIdentifier }] : [];
  });
}

function events(cda: Cda): fhir4.CompositionEvent[] {
  return cda.root.elements('documentationOf').flatMap((documentation) => {
    const service = documentation.child('serviceEvent');
    if (!service) return [];
    for (const performer of service.elements('performer')) addAssigned(cda, performer.child('assignedEntity'));
    const code = conceptOf(service.child('code')) ?? (plainName(service) ? { text: plainName(service) } : undefined);
    const period = periodOf(service.child('effectiveTime'), cda.draft);
    return code || period ? [{ code: code ? [code] : [], period }] : [];
  });
}
