/** CDA R2 document → FHIR R4 bundle: C-CDA and WS/T 500, one header, two ways to read entries. */
import { createHash } from 'node:crypto';
import { BridgeError } from '../../core/errors.ts';
import type { Normalized, Rejected } from '../../core/types.ts';
import { openXml } from '../../core/xml/open.ts';
import type { XmlElement } from '../../core/xml/tree.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { codeMapping, Draft } from '../draft.ts';
import { reportCoverage } from './coverage.ts';
import type { Cda } from './document.ts';
import { addComposition, addSource, readHeader } from './header/composition.ts';
import { addHeaderEncounter } from './header/encounter.ts';
import { addPatient, findPatient, reportIds, visitIds } from './header/patient.ts';
import { CDA_XML } from './names.ts';
import { composeSections } from './sections/compose.ts';
import { readEntries } from './sections/index.ts';
import { identifiersOf, keyOf } from './types/ids.ts';
import { documentTypeOf } from './wst500/catalogue.ts';
import { readDataElements } from './wst500/index.ts';

const CCDA = codeMapping('cda/ccda', '1');
const WST500 = codeMapping('cda/wst500', '1');

/**
 * @throws BridgeError `item.*` for bytes that are no readable ClinicalDocument of one patient; faults within
 * it become issues
 */
export function normalizeCda(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const root = openXml(input.bytes, { ...CDA_XML, ...(context.charset ? { charset: context.charset } : {}) });
  if (root.name !== 'ClinicalDocument') throw new BridgeError('item.format', 'the XML document is no ClinicalDocument');
  const scope = { hospital: context.hospital, ...(context.assigners ? { assigners: context.assigners } : {}) };
  const { role, owner } = findPatient(root, scope);
  const type = documentTypeOf(root);
  const draft = new Draft(context, type ? WST500 : CCDA);
  const cda: Cda = {
    draft,
    root,
    scope,
    documentKey: documentKeyOf(root, scope, input.bytes),
    owner,
    patient: '',
    owners: new Map(),
    claimed: new Map(),
  };
  cda.patient = addPatient(cda, role, owner);
  cda.encounter = addHeaderEncounter(cda, visitIds(role, scope));
  const header = readHeader(cda, type?.name);
  const sections = type
    ? readDataElements(cda, type, header, reportIds(role, scope))
    : composeSections(cda, (section) => readEntries(cda, section));
  addComposition(cda, header, sections);
  const source = addSource(cda, header, input.bytes);
  reportCoverage(cda);
  return draft.finish({ patient: owner, source, ...(header.date ? { occurred: header.date } : {}) });
}

function documentKeyOf(root: XmlElement, scope: Cda['scope'], bytes: Uint8Array): readonly string[] {
  const identifier = identifiersOf(root, scope)[0];
  return identifier ? keyOf(identifier) : ['sha256', createHash('sha256').update(bytes).digest('hex')];
}
