import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Normalized, Rejected } from '../../../core/types.ts';
import { EXPLICIT, type Items, writeDicom } from '../../../samples/dicom/writer.ts';
import type { PartHeader } from '../../context.ts';
import { compileMap, runMap } from '../index.ts';
import { context, load, resources } from '../testing/compile.ts';

const folder = new URL('../../../samples/dicom/studies/', import.meta.url);
const instances = (uid: string) =>
  readdirSync(folder)
    .sort()
    .map((name) => readFileSync(new URL(name, folder)))
    .filter((bytes) => bytes.includes(uid));
const part = (bytes: Uint8Array, n: number): PartHeader => ({
  key: String(n),
  bytes,
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

function convert(map: string, parts: readonly Uint8Array[]): Normalized | Rejected {
  const compiled = compileMap(map, 'm.yaml', { load });
  const input = { kind: 'dicom' as const, sourceKey: 'k', bytes: Buffer.from('{}'), headers: parts.map(part) };
  return runMap(compiled, input, context);
}

const study = readFileSync(new URL('../../../maps/dicom/study.yaml', import.meta.url), 'utf8');

describe('the shipped map over the CT of CG100001', () => {
  const ct = instances('1.2.826.0.1.3680043.10.1503.1.2.1');
  const made = convert(study, ct);
  const imaging = resources<fhir4.ImagingStudy>(made, 'ImagingStudy')[0]!;

  test('names the patient in both scripts', () => {
    expect(resources<fhir4.Patient>(made, 'Patient')[0]).toMatchObject({
      identifier: [{ system: 'urn:oid:2.16.156.10011.1.13.990001', value: 'CG100001' }],
      name: [
        { family: 'Zhang', given: ['Wei'] },
        { family: '张', given: ['伟'] },
      ],
      gender: 'male',
      birthDate: '1978-03-12',
    });
  });

  test('counts series and instances, and orders them', () => {
    expect(imaging).toMatchObject({ numberOfSeries: 2, numberOfInstances: 10, description: '胸部CT平扫' });
    expect(imaging.modality!.map(({ code }) => code)).toEqual(['CT']);
    expect(
      imaging.series!.map((one) => [one.number, one.numberOfInstances, one.instance!.map((i) => i.number)]),
    ).toEqual([
      [1, 6, [1, 2, 3, 4, 5, 6]],
      [2, 4, [1, 2, 3, 4]],
    ]);
    expect(imaging.series![0]!.instance![0]!.sopClass.code).toBe('urn:oid:1.2.840.10008.5.1.4.1.1.2');
  });

  test('reads date and time together, with the offset of the header', () => {
    expect(imaging.started).toBe('2026-03-02T09:15:00+08:00');
    expect(made.issues).toEqual([]);
  });

  test('keeps the instances as parts of the record', () => {
    const [document] = resources<fhir4.DocumentReference>(made, 'DocumentReference');
    expect(document!.content.map(({ attachment }) => attachment.url)).toEqual(ct.map((_, n) => `urn:dhc:part:${n}`));
    expect(document!.content[3]!.attachment.extension![0]!.valueString).toBe(part(ct[3]!, 3).sha256);
    expect(document!.context!.related).toEqual([{ reference: `urn:uuid:${imaging.id}` }]);
  });

  test('lists what it does not read, in every instance', () => {
    const { seen, mapped, left } = made.coverage!;
    expect(left).toMatchObject({ 'Instance.KVP': 10, 'Instance.Rows': 10 });
    expect(Object.keys(left)).not.toContain('Instance.PatientName');
    expect(mapped + Object.values(left).reduce((sum, count) => sum + count, 0)).toBe(seen);
  });

  test('can be overlaid by a hospital, which keeps the rest', () => {
    const overlay = `map: own
version: 1.0.0
extends: standard/dicom/study
resources:
  - ImagingStudy: study
    note: { text: $InstitutionName }
`;
    const own = convert(overlay, ct);
    const [changed] = resources<fhir4.ImagingStudy>(own, 'ImagingStudy');
    const text = changed!.note![0]!.text;
    expect(text).not.toBe('');
    expect(changed).toEqual({ ...imaging, note: [{ text }] });
    expect(Object.keys(own.coverage!.left)).not.toContain('Instance.InstitutionName');
  });

  test('is refused where the headers belong to several patients', () => {
    const other = instances('1.2.826.0.1.3680043.10.1503.1.2.2').slice(0, 1);
    expect(convert(study, [...ct.slice(0, 1), ...other])).toMatchObject({ status: 'rejected', code: 'item.format' });
  });
});

describe('headers', () => {
  const dataset: Items = [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
    [0x00080018, 'UI', '1.2.3.1'],
    [0x0020000d, 'UI', '1.2.3'],
    [0x0020000e, 'UI', '1.2.3.0'],
    [0x00100020, 'LO', '1'],
  ];
  const header = (...items: Items) =>
    writeDicom({
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: '1.2.3.1',
      transferSyntaxUid: EXPLICIT,
      dataset: [...dataset, ...items],
    });
  const observed = (member: string, ...items: Items) => {
    const map = `map: t\nversion: 1.0.0\nsource: dicom\nowner: { system: urn:p, value: $PatientID }\nresources:\n  - Patient: p\n    key: [!owner ]\n    identifier: { system: urn:p, value: $PatientID }\n  - Observation: o\n    key: [!owner ]\n    status: final\n    code: { text: x }\n    subject: !ref p\n    ${member}\n`;
    const made = convert(map, [header(...items)]);
    return { made, found: resources<fhir4.Observation>(made, 'Observation')[0]! };
  };
  const time = 'effective: !dateTime { from: $StudyDate, time: $StudyTime }';
  const at: Items = [
    [0x00080020, 'DA', '20260302'],
    [0x00080030, 'TM', '091500.250'],
  ];

  test('a time takes the offset of the header, else the zone of the hospital, and says so', () => {
    const offset = observed(time, ...at, [0x00080201, 'SH', '-0500']);
    expect(offset.found.effectiveDateTime).toBe('2026-03-02T09:15:00.250-05:00');
    expect(offset.made.issues).toEqual([]);
    const none = observed(time, ...at);
    expect(none.found.effectiveDateTime).toBe('2026-03-02T09:15:00.250+08:00');
    expect(none.made.issues).toMatchObject([{ code: 'field.no-zone', path: 'Instance[1].StudyDate' }]);
  });

  test('items of a code sequence are codings with the system of their scheme', () => {
    const item = (code: string, scheme: string): Items => [
      [0x00080100, 'SH', code],
      [0x00080102, 'SH', scheme],
      [0x00080104, 'LO', '平扫'],
    ];
    const { found } = observed('category: $ProcedureCodeSequence[*]', [
      0x00081032,
      'SQ',
      [item('CTX', '99LOCAL'), item('CT', 'DCM')],
    ]);
    expect(found.category).toEqual([
      { coding: [{ system: 'urn:dhc:h:code-system:99LOCAL', code: 'CTX', display: '平扫' }] },
      { coding: [{ system: 'http://dicom.nema.org/resources/ontology/DCM', code: 'CT', display: '平扫' }] },
    ]);
  });
});
