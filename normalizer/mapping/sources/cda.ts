/** CDA documents: addresses are XPath, elements are read by their data types (HL7 v3 Data Types R1). */
import { createHash } from 'node:crypto';
import { BridgeError } from '../../../core/errors.ts';
import { openXml } from '../../../core/xml/open.ts';
import type { XmlElement } from '../../../core/xml/tree.ts';
import { countsAsField, isOutside } from '../../cda/coverage.ts';
import { CDA_XML } from '../../cda/names.ts';
import { conceptOf } from '../../cda/types/codes.ts';
import { type IdScope, identifiersOf, keyOf } from '../../cda/types/ids.ts';
import { absentExtension } from '../../cda/types/nulls.ts';
import type { Draft, KeptSource } from '../../draft.ts';
import { sourceBinary } from '../../provenance.ts';
import { CdaField, nativeOf } from './cda-types.ts';
import type { SourceFormat } from './format.ts';
import { type XmlItem, xmlAddress } from './xml.ts';

const PREFIXES = new Map([
  ['v3', ''],
  ['sdtc', 'sdtc:'],
  ['xsi', 'xsi:'],
]);

export const cda: SourceFormat = {
  kind: 'cda',
  address: (text) => xmlAddress(text, canonical, (node, sources) => new CdaField(node, sources)),
  open({ bytes }, context, draft) {
    const root = openXml(bytes, { ...CDA_XML, ...(context.charset ? { charset: context.charset } : {}) });
    if (root.name !== 'ClinicalDocument')
      throw new BridgeError('item.format', 'the XML document is no ClinicalDocument');
    const scope = { hospital: context.hospital, ...(context.assigners ? { assigners: context.assigners } : {}) };
    return {
      root: { element: root, sources: draft.sources } satisfies XmlItem,
      native: nativeOf(draft, scope),
      see: () => see(root, `/${root.name}`, draft),
      keep: () => keep(root, scope, draft, bytes),
    };
  },
  matchKeys: ['template', 'code'],
  matches(root, key, values) {
    const { element } = root as XmlItem;
    if (key === 'code') return values.includes(element.child('code')?.attr('code') ?? '');
    return element.elements('templateId').some((one) => values.includes(one.attr('root') ?? ''));
  },
};

/** `v3:` and no prefix are CDA's own name space. */
function canonical(name: string): string | undefined {
  const [prefix, local] = name.includes(':') ? (name.split(':') as [string, string]) : ['v3', name];
  const stem = PREFIXES.get(prefix);
  return stem === undefined ? undefined : stem + local;
}

/** The same fields as the coded CDA maps count: no structural attributes, no narrative. */
function see(element: XmlElement, path: string, draft: Draft): void {
  if (isOutside(element)) return;
  for (const { name, value } of element.attributes)
    if (countsAsField(element, name, value)) draft.sources.seen(`${path}/@${name}`);
  if (element.ownText()) draft.sources.seen(`${path}/text()`);
  for (const child of element.elements()) see(child, child.path(), draft);
}

/** The exact bytes, and a DocumentReference that says which document they are. */
function keep(root: XmlElement, scope: IdScope, draft: Draft, bytes: Uint8Array): KeptSource {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const url = draft.add([sha256], sourceBinary('text/xml', bytes));
  const patient = draft.first('Patient');
  const [identifier] = identifiersOf(root, scope);
  const code = conceptOf(root.child('code'));
  const title = root.child('title')?.text();
  const reference = draft.add(['cda', ...(identifier ? keyOf(identifier) : ['sha256', sha256])], {
    resourceType: 'DocumentReference',
    ...(identifier ? { masterIdentifier: identifier } : {}),
    status: 'current',
    docStatus: 'final',
    type: code?.coding || code?.text ? code : { extension: absentExtension(root.child('code')) },
    ...(patient ? { subject: { reference: patient } } : {}),
    ...(title ? { description: title } : {}),
    content: [
      {
        attachment: {
          contentType: 'text/xml',
          url,
          size: bytes.length,
          hash: createHash('sha1').update(bytes).digest('base64'),
          ...(title ? { title } : {}),
        },
      },
    ],
  });
  return { reference, sha256 };
}
