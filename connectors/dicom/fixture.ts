/** Studies in a folder and in a real Orthanc as sources for the conformance tests. */
import { EXPLICIT, type Items, writeDicom } from '../../samples/dicom/writer.ts';
import type { Orthanc } from '../../samples/servers/orthanc.ts';
import type { Fixture } from '../conformance.ts';
import { folderFixture } from '../testing/folder-fixture.ts';

export const ROOT = '1.2.826.0.1.3680043.10.1503.1.99';
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/** One image of a made-up study. @param more elements that replace or join the usual ones */
export function image(study: number, instance: number, more: Items = []): Buffer {
  const sopInstanceUid = `${ROOT}.${study}.1.${instance}`;
  const base: Items = [
    [0x00080016, 'UI', SECONDARY_CAPTURE],
    [0x00080018, 'UI', sopInstanceUid],
    [0x00080020, 'DA', `2026030${study}`],
    [0x00080060, 'CS', 'OT'],
    [0x00100020, 'LO', `CG10000${study}`],
    [0x0020000d, 'UI', `${ROOT}.${study}`],
    [0x0020000e, 'UI', `${ROOT}.${study}.1`],
    [0x00280002, 'US', 1],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', 4],
    [0x00280011, 'US', 4],
    [0x00280100, 'US', 8],
    [0x00280101, 'US', 8],
    [0x00280102, 'US', 7],
    [0x00280103, 'US', 0],
    [0x7fe00010, 'OB', Buffer.alloc(16, instance)],
  ];
  const replaced = new Set(more.map(([tag]) => tag));
  const dataset = [...base.filter(([tag]) => !replaced.has(tag)), ...more];
  return writeDicom({ sopClassUid: SECONDARY_CAPTURE, sopInstanceUid, transferSyntaxUid: EXPLICIT, dataset });
}

const STUDIES = [1, 2, 3, 4, 5];
const keys = STUDIES.map((study) => `${ROOT}.${study}`);

export async function dicomFolder(): Promise<Fixture> {
  const pairs = STUDIES.flatMap((study) =>
    [1, 2].map((n) => [`${n === 1 ? 'a' : 'b'}/${study}-${n}.dcm`, image(study, n)]),
  );
  const fixture = await folderFixture({
    config: { kind: 'dicom' },
    suffix: '.dcm',
    files: Object.fromEntries(pairs) as Record<string, Buffer>,
    keys,
    more: image(6, 1),
  });
  const grow = async () => {
    await fixture.grow();
    return `${ROOT}.6`;
  };
  return { ...fixture, grow };
}

/** Wipes the archive at the end, so that one process serves all tests. */
export async function dicomArchive(orthanc: Orthanc): Promise<Fixture> {
  for (const study of STUDIES) for (const instance of [1, 2]) await orthanc.upload(image(study, instance));
  const dicomweb = { baseUrl: orthanc.dicomweb, from: '2026-02-27', recheckDays: 3_650, pageSize: 3, attempts: 1 };
  return {
    config: { kind: 'dicom', dicomweb },
    unreachable: { kind: 'dicom', dicomweb: { ...dicomweb, baseUrl: 'http://127.0.0.1:9/dicom-web' } },
    keys,
    async grow() {
      await orthanc.upload(image(6, 1));
      return `${ROOT}.6`;
    },
    close: () => orthanc.wipe(),
  };
}
