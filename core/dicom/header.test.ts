import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleFiles } from '../../samples/dicom/make.ts';
import { EXPLICIT, gb18030, IMPLICIT, type Items, writeDicom } from '../../samples/dicom/writer.ts';
import { BridgeError } from '../errors.ts';
import { textOf } from './dataset.ts';
import { readHeader } from './header.ts';
import { headerBytes } from './part.ts';

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/dicom');
const STUDIES = join(import.meta.dirname, '../../samples/dicom/studies');

function hasDcmtk(): boolean {
  try {
    execFileSync('dcmdump', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const file = (dataset: Items, encode?: (text: string) => Uint8Array, transferSyntaxUid = EXPLICIT) =>
  writeDicom({ sopClassUid: '1.2', sopInstanceUid: '1.3', transferSyntaxUid, dataset, ...(encode ? { encode } : {}) });
const read = (bytes: Uint8Array, assumedCharset?: string) =>
  readHeader(bytes, { complete: true, ...(assumedCharset ? { assumedCharset } : {}) })!;

describe('readHeader', () => {
  it('reads Chinese names in GB18030, GBK and UTF-8, with component groups', () => {
    for (const [charset, encode] of [
      ['GB18030', gb18030],
      ['GBK', gb18030],
      ['ISO_IR 192', undefined],
    ] as const) {
      const { dataset, problems } = read(
        file(
          [
            [0x00080005, 'CS', charset],
            [0x00100010, 'PN', 'Zhang^Wei=张^伟'],
            [0x00081030, 'LO', '胸部\\腹部'],
          ],
          encode,
        ),
      );
      expect([textOf(dataset, 'PatientName'), dataset.StudyDescription?.values, problems]).toEqual([
        'Zhang^Wei=张^伟',
        ['胸部', '腹部'],
        [],
      ]);
    }
  });

  it('keeps a backslash byte that is the second half of a character', () => {
    // 漒 is D5 5C in GBK: split as bytes it would be torn.
    const { dataset } = read(
      file(
        [
          [0x00080005, 'CS', 'GB18030'],
          [0x00100010, 'PN', '漒^某'],
        ],
        gb18030,
      ),
    );
    expect(dataset.PatientName?.values).toEqual(['漒^某']);
  });

  it.each(['ISO-IR 192', 'ISO IR 192', 'iso_ir 192', 'UTF-8', ' ISO_IR 192'])(
    'understands the misspelt %s',
    (charset) => {
      const { dataset } = read(
        file([
          [0x00080005, 'CS', charset],
          [0x00100010, 'PN', '张^伟'],
        ]),
      );
      expect(textOf(dataset, 'PatientName')).toBe('张^伟');
    },
  );

  it('says what it cannot decode, and never guesses', () => {
    const gbk = file(
      [
        [0x00100010, 'PN', '张^伟'],
        [0x00100020, 'LO', 'CG100001'],
      ],
      gb18030,
    );
    const { dataset, problems } = read(gbk);
    expect(dataset.PatientName).toBeUndefined();
    expect(problems).toEqual([{ path: 'PatientName', code: 'item.charset' }]);
    expect(textOf(dataset, 'PatientID')).toBe('CG100001');
    expect(textOf(read(gbk, 'GB18030').dataset, 'PatientName')).toBe('张^伟');
    const unknown = read(
      file([
        [0x00080005, 'CS', 'KLINGON'],
        [0x00100010, 'PN', '张^伟'],
      ]),
    );
    expect(unknown.problems).toEqual([{ path: 'PatientName', code: 'item.charset' }]);
  });

  it.each([EXPLICIT, IMPLICIT])('reads sequences and numbers in %s', (transferSyntaxUid) => {
    const issuer: Items = [
      [0x00400032, 'UT', '1.2.3'],
      [0x00400033, 'CS', 'ISO'],
    ];
    const bytes = file(
      [
        [0x00100024, 'SQ', [issuer]],
        [0x00280010, 'US', 512],
        [0x00201208, 'IS', '9'],
      ],
      undefined,
      transferSyntaxUid,
    );
    const { dataset } = read(bytes);
    expect(textOf(dataset.IssuerOfPatientIDQualifiersSequence!.items![0]!, 'UniversalEntityID')).toBe('1.2.3');
    expect(dataset.Rows?.values).toEqual(['512']);
  });

  it('reads the same from any prefix that suffices, and asks for more from any shorter one', () => {
    for (const sample of sampleFiles().slice(5, 7)) {
      const bytes = writeDicom(sample);
      const whole = read(bytes);
      for (let length = 0; length < bytes.length; length += 13) {
        const header = readHeader(bytes.subarray(0, length), { complete: false });
        if (length >= whole.end + 8) expect(header).toEqual(whole);
        else expect(header).toBeNull();
      }
    }
  });

  it('throws nothing but BridgeError, on noise and on damaged files', () => {
    const base = file([
      [0x00100024, 'SQ', [[[0x00400033, 'CS', 'ISO']]]],
      [0x00100010, 'PN', 'A^B'],
      [0x00280010, 'US', 4],
    ]);
    const attempt = (bytes: Uint8Array) => {
      for (const complete of [true, false]) {
        try {
          readHeader(bytes, { complete });
        } catch (error) {
          expect(error).toBeInstanceOf(BridgeError);
          expect((error as Error).message).not.toMatch(/dicomParser|A\^B/);
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), attempt));
    const damage = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Buffer.from(base);
        for (const [at, value] of changes) bytes[at] = value;
        attempt(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a stream no further than the header needs', async () => {
    let given = 0;
    async function* endless() {
      yield file([[0x00100020, 'LO', 'CG100001']]);
      yield Buffer.from('e07f1000 4f57 0000 ffffffff'.replaceAll(' ', ''), 'hex');
      for (;;) {
        given += 65_536;
        yield Buffer.alloc(65_536);
      }
    }
    expect(textOf(read(await headerBytes(endless())).dataset, 'PatientID')).toBe('CG100001');
    expect(given).toBeLessThanOrEqual(65_536);
  });

  it('looks at no more than 16 MiB for a header that never ends', async () => {
    async function* endless() {
      yield Buffer.concat([
        Buffer.alloc(128),
        Buffer.from('DICM'),
        Buffer.from('02001000 5549 1400'.replaceAll(' ', ''), 'hex'),
        Buffer.from(`${EXPLICIT}\0`),
      ]);
      yield Buffer.from('09001010 4f42 0000 f0ffffff'.replaceAll(' ', ''), 'hex');
      for (;;) yield Buffer.alloc(1_000_000);
    }
    const bytes = await headerBytes(endless());
    expect(bytes.length).toBeLessThan(18_000_000);
    expect(readHeader(bytes, { complete: false })).toBeNull();
  });
});

describe.skipIf(!hasDcmtk())('the samples, by dcmtk', () => {
  it('are whole, and say the same to dcmdump as to us', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dhc-dcm-'));
    for (const sample of sampleFiles()) {
      const path = join(folder, 'x');
      writeFileSync(path, writeDicom(sample));
      const dump = execFileSync('dcmdump', [
        '+U8',
        '+P',
        '0010,0010',
        '+P',
        '0020,000d',
        '+P',
        '0008,1030',
        path,
      ]).toString();
      const { dataset } = read(readFileSync(path));
      const values = ['PatientName', 'StudyInstanceUID', 'StudyDescription'].map(
        (keyword) => textOf(dataset, keyword)!,
      );
      for (const value of values) expect(dump).toContain(`[${value}]`);
    }
    rmSync(folder, { recursive: true });
  });

  it('are the files that the script makes', () => {
    const made = sampleFiles().map((sample) => writeDicom(sample).toString('base64'));
    const kept = globSync(`${STUDIES}/*`).map((path) => readFileSync(path).toString('base64'));
    expect(kept.sort()).toEqual(made.sort());
  });
});

describe.skipIf(!existsSync(CORPUS))('public samples', () => {
  const parse = (name: string) => read(readFileSync(join(CORPUS, name)));

  it.each([
    ['chrArab', 'قباني^لنزار'],
    ['chrFren', 'Buc^Jérôme'],
    ['chrGreek', 'Διονυσιος'],
    ['chrH31', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['chrH32', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
    ['chrHbrw', 'שרון^דבורה'],
    ['chrI2', 'Hong^Gildong=洪^吉洞=홍^길동'],
    ['chrRuss', 'Люкceмбypг'],
    ['chrX1', 'Wang^XiaoDong=王^小東='],
    ['chrX2', 'Wang^XiaoDong=王^小东='],
  ])('%s', (name, patient) => {
    const { dataset, problems } = parse(`pydicom/charset_files/${name}.dcm`);
    expect([textOf(dataset, 'PatientName'), problems]).toEqual([patient, []]);
  });

  it.each(['chrSQEncoding', 'chrSQEncoding1'])(
    '%s: an item has its own character set, or that of its dataset',
    (name) => {
      const [item] = parse(`pydicom/charset_files/${name}.dcm`).dataset.RequestedProcedureCodeSequence!.items!;
      expect(textOf(item!, 'PatientName')).toBe('ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう');
    },
  );

  it('reads every transfer syntax to the same values', () => {
    const names = ['big_endian', 'little_endian'].map((name) => `dicomParser/testImages/CT1_UNC.explicit_${name}.dcm`);
    const [first, ...others] = [...names, 'dicomParser/testImages/CT1_UNC.implicit_little_endian.dcm'].map(
      (name) => parse(name).dataset,
    );
    const pick = (dataset: typeof first) =>
      ['PatientID', 'StudyInstanceUID', 'Rows', 'Modality'].map((keyword) => textOf(dataset!, keyword));
    for (const other of others) expect(pick(other)).toEqual(pick(first));
    const deflated = parse('pydicom/test_files/image_dfl.dcm');
    expect([deflated.deflated, textOf(deflated.dataset, 'Modality')]).toEqual([true, 'OT']);
  });
});
