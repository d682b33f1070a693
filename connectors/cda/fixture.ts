import type { Fixture } from '../conformance.ts';
import { folderFixture } from '../testing/folder-fixture.ts';

const document = (id: string) =>
  `<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2" extension="${id}"/></ClinicalDocument>`;

export const cdaFolder = (): Promise<Fixture> =>
  folderFixture({
    config: { kind: 'cda' },
    suffix: '.xml',
    files: { 'a.xml': document('a'), '出院/b.xml': document('b'), '出院/c.xml': document('c'), 'd.xml': document('d') },
    keys: ['a.xml', '出院/b.xml', '出院/c.xml', 'd.xml'],
    more: document('e'),
  });
