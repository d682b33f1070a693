import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Normalized, Rejected } from '../../core/types.ts';
import { EXPLICIT, type Items, writeDicom } from '../../samples/dicom/writer.ts';
import type { NormalizeContext, PartHeader } from '../context.ts';
import { normalize } from '../index.ts';

const context: NormalizeContext = {
  hospital: {
    id: 'chenguang',
    name: '晨光医院',
    timezone: 'Asia/Shanghai',
    patientSystem: 'urn:oid:2.16.156.10011.1.13.990001',
  },
  feed: 'pacs',
  receivedAt: '2026-03-01T00:00:00Z',
};

function part(bytes: Uint8Array, key = 'part'): PartHeader {
  return { key, bytes, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function run(headers: readonly PartHeader[], more: Partial<NormalizeContext> = {}): Normalized | Rejected {
  return normalize({ kind: 'dicom', sourceKey: '1.2', bytes: Buffer.from('{}'), headers }, { ...context, ...more });
}

function accepted(headers: readonly PartHeader[], more: Partial<NormalizeContext> = {}): Normalized {
  const made = run(headers, more);
  if (made.status === 'rejected') throw new Error(`${made.code} ${JSON.stringify(made.issues)}`);
  return made;
}

function one<T extends fhir4.FhirResource['resourceType']>(made: Normalized, type: T) {
  const resources = made.bundle.entry!.map((entry) => entry.resource as fhir4.FhirResource);
  return resources.find((r): r is Extract<fhir4.FhirResource, { resourceType: T }> => r.resourceType === type)!;
}

const folder = new URL('../../samples/dicom/studies/', import.meta.url);
const samples = readdirSync(folder)
  .sort()
  .map((name) => readFileSync(new URL(name, folder)));
const ct = samples.filter((bytes) => bytes.includes('1.2.826.0.1.3680043.10.1503.1.2.1'));
const us = samples.filter((bytes) => bytes.includes('1.2.826.0.1.3680043.10.1503.1.2.2'));

describe('the CT of CG100001, GB18030', () => {
  const made = accepted(ct.map((bytes) => part(bytes)));
  const study = one(made, 'ImagingStudy');

  it('counts what is there', () => {
    expect(study).toMatchObject({ numberOfSeries: 2, numberOfInstances: 10, description: '胸部CT平扫' });
    expect(study.series!.map((s) => [s.number, s.numberOfInstances, s.instance!.map((i) => i.number)])).toEqual([
      [1, 6, [1, 2, 3, 4, 5, 6]],
      [2, 4, [1, 2, 3, 4]],
    ]);
  });

  it('names study and accession as R4 asks', () => {
    expect(study.identifier).toEqual([
      { system: 'urn:dicom:uid', value: 'urn:oid:1.2.826.0.1.3680043.10.1503.1.2.1' },
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] },
        system: 'urn:oid:2.16.156.10011.1.32.990001',
        value: 'CGR2603020001',
      },
    ]);
  });

  it('divides the name by representation and component', () => {
    const names = one(made, 'Patient').name!.map((n) => [n.family, n.given?.[0], n.extension?.[0]?.valueCode]);
    expect(names).toEqual([
      ['Zhang', 'Wei', 'ABC'],
      ['张', '伟', 'IDE'],
    ]);
    expect(made.patient).toEqual({ system: 'urn:oid:2.16.156.10011.1.13.990001', value: 'CG100001' });
    expect(one(made, 'Patient')).toMatchObject({ gender: 'male', birthDate: '1978-03-12' });
  });

  it('lists every part by number, size and SHA-256', () => {
    const attachments = one(made, 'DocumentReference').content.map((c) => c.attachment);
    expect(attachments.map((a) => a.url)).toEqual(ct.map((_, n) => `urn:dhc:part:${n}`));
    expect(attachments[3]).toMatchObject({
      size: ct[3]!.length,
      extension: [{ url: 'urn:dhc:extension:sha256', valueString: part(ct[3]!).sha256 }],
    });
  });

  it('gives the same bytes again', () => {
    expect(Buffer.from(accepted(ct.map((bytes) => part(bytes))).bytes).equals(made.bytes)).toBe(true);
  });
});

it('the ultrasound of CG100005, UTF-8', () => {
  const made = accepted(us.map((bytes) => part(bytes)));
  expect(one(made, 'Patient').name!.map((n) => n.family)).toEqual(['Zhao', '赵']);
  expect(one(made, 'ImagingStudy')).toMatchObject({
    modality: [{ system: 'http://dicom.nema.org/resources/ontology/DCM', code: 'US' }],
    numberOfInstances: 1,
  });
});

const UIDS: Items = [
  [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
  [0x00080018, 'UI', '1.2.3.1'],
  [0x00100020, 'LO', 'P1'],
  [0x0020000d, 'UI', '1.2.3'],
  [0x0020000e, 'UI', '1.2.3.4'],
];

/** A small instance; items replace those of the same tag. */
function instance(items: Items): PartHeader {
  const all = new Map([...UIDS, ...items].map((item) => [item[0], item]));
  const meta = { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3.1', transferSyntaxUid: EXPLICIT };
  return part(writeDicom({ ...meta, dataset: [...all.values()] }));
}

describe('times', () => {
  const time: Items = [
    [0x00080020, 'DA', '20260302'],
    [0x00080030, 'TM', '091500.250'],
  ];

  it('use the offset of the instance', () => {
    const made = accepted([instance([...time, [0x00080201, 'SH', '-0500']])]);
    expect(one(made, 'ImagingStudy').started).toBe('2026-03-02T09:15:00.250-05:00');
    expect(made.issues.filter((issue) => issue.code === 'field.no-zone')).toEqual([]);
  });

  it('else the zone of the hospital, and say so', () => {
    const made = accepted([instance(time)]);
    expect(one(made, 'ImagingStudy').started).toBe('2026-03-02T09:15:00.250+08:00');
    expect(made.issues.some((issue) => issue.code === 'field.no-zone')).toBe(true);
  });

  it('are left out where they are no dates', () => {
    const made = accepted([instance([[0x00080020, 'DA', '20260231']])]);
    expect(one(made, 'ImagingStudy').started).toBeUndefined();
    expect(made.issues.some((issue) => issue.code === 'field.invalid' && issue.path === 'Instance[1].StudyDate')).toBe(
      true,
    );
  });
});

describe('whose study it is', () => {
  it('refuses instances of two patients', () => {
    const second = instance([
      [0x00080018, 'UI', '1.2.3.2'],
      [0x00100020, 'LO', 'P2'],
    ]);
    expect(run([instance([]), second])).toMatchObject({ status: 'rejected', code: 'item.format' });
  });

  it('refuses instances of two studies', () => {
    const second = instance([
      [0x00080018, 'UI', '1.2.3.2'],
      [0x0020000d, 'UI', '1.2.9'],
    ]);
    expect(run([instance([]), second])).toMatchObject({ status: 'rejected', code: 'item.format' });
  });

  it('refuses a study without a patient identifier', () => {
    expect(run([instance([[0x00100020, 'LO', '']])])).toMatchObject({ status: 'rejected', code: 'item.no-patient' });
  });

  it('uses the configured system of a named issuer', () => {
    const made = accepted([instance([[0x00100021, 'LO', 'OTHER']])], { assigners: { OTHER: 'urn:oid:1.2.9.9' } });
    expect(made.patient).toEqual({ system: 'urn:oid:1.2.9.9', value: 'P1' });
  });
});

it('keeps an unreadable instance as a part and reports it', () => {
  const made = accepted([instance([]), part(Buffer.from('no instance'))]);
  expect(one(made, 'ImagingStudy').numberOfInstances).toBe(1);
  expect(one(made, 'DocumentReference').content).toHaveLength(2);
  expect(made.issues.some((issue) => issue.path === 'Instance[2]' && issue.code === 'item.format')).toBe(true);
});

it('refuses a study of which nothing can be read', () => {
  expect(run([part(Buffer.from('x'))])).toMatchObject({ status: 'rejected', code: 'item.format' });
  expect(run([])).toMatchObject({ status: 'rejected', code: 'item.format' });
});

const corpus = new URL('../../../shared/corpus/dicom/', import.meta.url);
describe.skipIf(!existsSync(corpus))('the corpus', () => {
  const files = existsSync(corpus)
    ? readdirSync(corpus, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`))
    : [];

  it('reads every instance that has its identifiers, and refuses the rest by our own codes', {
    timeout: 60_000,
  }, () => {
    const made = files.map((bytes) => run([part(bytes)]));
    const refused = made.filter((result) => result.status === 'rejected').map((result) => result.code);
    expect(new Set(refused)).toEqual(new Set(['item.format', 'item.no-patient']));
    expect(made.length - refused.length).toBeGreaterThanOrEqual(186);
  });

  it('survives changed bytes', { timeout: 60_000 }, () => {
    const small = files.filter((bytes) => bytes.length < 20_000);
    const place = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(place, ([file, at, byte]) => {
        const bytes = Uint8Array.from(small[file % small.length]!);
        bytes[at % Math.min(bytes.length, 2000)] = byte;
        const made = run([part(bytes)]);
        return made.status !== 'rejected' || (made.code !== 'item.internal' && made.code !== 'item.invalid-bundle');
      }),
      { numRuns: 500 },
    );
  });
});
