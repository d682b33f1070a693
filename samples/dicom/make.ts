/**
 * Makes the imaging samples: `node samples/dicom/make.ts`. The same bytes on every run; pixels are drawn, nobody was
 * examined. A CT of CG100001 (GB18030, two series, the second implicit little endian) and an ultrasound loop of
 * CG100005 (UTF-8, multi-frame, colour). File names tell nothing.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type DicomFile, EXPLICIT, gb18030, IMPLICIT, type Items, writeDicom } from './writer.ts';

const ROOT = '1.2.826.0.1.3680043.10.1503.1';
const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';
const US_MULTIFRAME = '1.2.840.10008.5.1.4.1.1.3.1';
const SIZE = 64;

interface Study {
  readonly uid: string;
  readonly charset: string;
  readonly patient: {
    readonly id: string;
    readonly name: string;
    readonly born: string;
    readonly sex: string;
    readonly age: string;
  };
  readonly date: string;
  readonly time: string;
  readonly accession: string;
  readonly studyId: string;
  readonly description: string;
  readonly referrer: string;
  readonly modality: string;
}

const ct: Study = {
  uid: `${ROOT}.2.1`,
  charset: 'GB18030',
  patient: { id: 'CG100001', name: 'Zhang^Wei=张^伟', born: '19780312', sex: 'M', age: '047Y' },
  date: '20260302',
  time: '091500',
  accession: 'CGR2603020001',
  studyId: 'CT2603020001',
  description: '胸部CT平扫',
  referrer: 'Lin^Tao=林^涛',
  modality: 'CT',
};

const us: Study = {
  uid: `${ROOT}.2.2`,
  charset: 'ISO_IR 192',
  patient: { id: 'CG100005', name: 'Zhao^Min=赵^敏', born: '19921130', sex: 'F', age: '033Y' },
  date: '20260305',
  time: '143000',
  accession: 'CGR2603050002',
  studyId: 'US2603050002',
  description: '甲状腺超声',
  referrer: 'Xu^Feng=许^峰',
  modality: 'US',
};

function commonItems(study: Study): Items {
  return [
    [0x00080005, 'CS', study.charset],
    [0x00080020, 'DA', study.date],
    [0x00080021, 'DA', study.date],
    [0x00080030, 'TM', study.time],
    [0x00080050, 'SH', study.accession],
    [0x00080051, 'SQ', [issuer('2.16.156.10011.1.32.990001')]],
    [0x00080060, 'CS', study.modality],
    [0x00080070, 'LO', 'Chenguang Phantom'],
    [0x00080080, 'LO', '晨光医院'],
    [0x00080090, 'PN', study.referrer],
    [0x00080201, 'SH', '+0800'],
    [0x00081030, 'LO', study.description],
    [0x00081090, 'LO', 'Phantom 1'],
    [0x00100010, 'PN', study.patient.name],
    [0x00100020, 'LO', study.patient.id],
    [0x00100021, 'LO', 'CG'],
    [0x00100024, 'SQ', [issuer('2.16.156.10011.1.13.990001')]],
    [0x00100030, 'DA', study.patient.born],
    [0x00100040, 'CS', study.patient.sex],
    [0x00101010, 'AS', study.patient.age],
    [0x0020000d, 'UI', study.uid],
    [0x00200010, 'SH', study.studyId],
  ];
}

function issuer(oid: string): Items {
  return [
    [0x00400032, 'UT', oid],
    [0x00400033, 'CS', 'ISO'],
  ];
}

function seriesItems(study: Study, series: number, description: string, bodyPart: string): Items {
  return [
    [0x0008103e, 'LO', description],
    [0x00180015, 'CS', bodyPart],
    [0x0020000e, 'UI', `${study.uid}.${series}`],
    [0x00200011, 'IS', String(series)],
    [0x00081140, 'SQ', []],
  ];
}

function ctSlice(series: number, slice: number): DicomFile {
  const uid = `${ct.uid}.${series}.${slice}`;
  const [description, kernel, thickness] = series === 1 ? ['肺窗 5mm', 'B70f', 5] : ['纵隔窗 10mm', 'B30f', 10];
  const dataset: Items = [
    ...commonItems(ct),
    ...seriesItems(ct, series, String(description), 'CHEST'),
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', CT_IMAGE],
    [0x00080018, 'UI', uid],
    [0x00080023, 'DA', ct.date],
    [0x00080033, 'TM', `0915${String(series * 10 + slice).padStart(2, '0')}`],
    [0x00180050, 'DS', String(thickness)],
    [0x00180060, 'DS', '120'],
    [0x00181210, 'SH', String(kernel)],
    [0x00185100, 'CS', 'HFS'],
    [0x00200012, 'IS', '1'],
    [0x00200013, 'IS', String(slice)],
    [0x00200032, 'DS', `-160\\-160\\${slice * Number(thickness)}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', `${ct.uid}.9`],
    [0x00201040, 'LO', ''],
    [0x00280002, 'US', 1],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', SIZE],
    [0x00280011, 'US', SIZE],
    [0x00280030, 'DS', '5\\5'],
    [0x00280100, 'US', 16],
    [0x00280101, 'US', 12],
    [0x00280102, 'US', 11],
    [0x00280103, 'US', 0],
    [0x00281050, 'DS', '40'],
    [0x00281051, 'DS', '400'],
    [0x00281052, 'DS', '-1024'],
    [0x00281053, 'DS', '1'],
    [0x7fe00010, 'OW', ctPixels(slice)],
  ];
  const transferSyntaxUid = series === 1 ? EXPLICIT : IMPLICIT;
  return { sopClassUid: CT_IMAGE, sopInstanceUid: uid, transferSyntaxUid, dataset, encode: gb18030 };
}

/** An ellipse of soft tissue with two lungs of air, and a nodule in one slice. */
function ctPixels(slice: number): Buffer {
  const pixels = Buffer.alloc(SIZE * SIZE * 2);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const body = ((x - 32) / 28) ** 2 + ((y - 32) / 20) ** 2 < 1;
      const lung = ((x - 20) / 8) ** 2 + ((y - 32) / 13) ** 2 < 1 || ((x - 44) / 8) ** 2 + ((y - 32) / 13) ** 2 < 1;
      const nodule = slice === 3 && (x - 44) ** 2 + (y - 28) ** 2 < 5;
      const hounsfield = nodule ? 60 : lung ? -850 + slice : body ? 40 + ((x + y) % 7) : -1000;
      pixels.writeUInt16LE(hounsfield + 1024, (y * SIZE + x) * 2);
    }
  }
  return pixels;
}

function usLoop(): DicomFile {
  const uid = `${us.uid}.1.1`;
  const frames = 8;
  const dataset: Items = [
    ...commonItems(us),
    ...seriesItems(us, 1, '右叶横切动态', 'THYROID'),
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\\\0001'],
    [0x00080016, 'UI', US_MULTIFRAME],
    [0x00080018, 'UI', uid],
    [0x00080023, 'DA', us.date],
    [0x00080033, 'TM', '143112'],
    [0x00181063, 'DS', '40'],
    [0x00200013, 'IS', '1'],
    [0x00200020, 'CS', ''],
    [0x00280002, 'US', 3],
    [0x00280004, 'CS', 'RGB'],
    [0x00280006, 'US', 0],
    [0x00280008, 'IS', String(frames)],
    // Frame Increment Pointer, an AT value: Frame Time (0018,1063).
    [0x00280009, 'AT', Buffer.from([0x18, 0x00, 0x63, 0x10])],
    [0x00280010, 'US', SIZE],
    [0x00280011, 'US', SIZE],
    [0x00280100, 'US', 8],
    [0x00280101, 'US', 8],
    [0x00280102, 'US', 7],
    [0x00280103, 'US', 0],
    [0x00282110, 'CS', '00'],
    [0x7fe00010, 'OB', usPixels(frames)],
  ];
  return { sopClassUid: US_MULTIFRAME, sopInstanceUid: uid, transferSyntaxUid: EXPLICIT, dataset };
}

/** A sector of speckle with a pulsing vessel in colour. */
function usPixels(frames: number): Buffer {
  const pixels = Buffer.alloc(frames * SIZE * SIZE * 3);
  for (let at = 0; at < frames * SIZE * SIZE; at++) {
    const [frame, y, x] = [Math.floor(at / (SIZE * SIZE)), Math.floor(at / SIZE) % SIZE, at % SIZE];
    const inside = Math.hypot(x - 32, y) < 62 && Math.abs(x - 32) < y * 0.8 + 4;
    const speckle = inside ? 40 + ((x * 73 + y * 151 + frame * 37) % 60) : 0;
    const vessel = (x - 38) ** 2 + (y - 36) ** 2 < 16 + 10 * Math.sin((frame * Math.PI) / 4);
    pixels.set(vessel ? [200, 40, 40] : [speckle, speckle, speckle], at * 3);
  }
  return pixels;
}

export function sampleFiles(): DicomFile[] {
  const series = (number: number, slices: number) => Array.from({ length: slices }, (_, n) => ctSlice(number, n + 1));
  return [...series(1, 6), ...series(2, 4), usLoop()];
}

if (import.meta.main) {
  const folder = `${import.meta.dirname}/studies`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of sampleFiles()) {
    const name = createHash('sha256').update(file.sopInstanceUid).digest('hex').slice(0, 12);
    writeFileSync(`${folder}/${name}`, writeDicom(file));
  }
}
