/** A small DICOM writer (PS3.5, PS3.10): little endian, explicit or implicit, defined lengths. For samples and tests. */

export type Value = string | number | Uint8Array | readonly Items[];
/** `[tag, VR, value]` in any order; a sequence takes item lists. */
export type Items = readonly (readonly [tag: number, vr: string, value: Value])[];

export interface DicomFile {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataset: Items;
  /** Text encoder of the declared character set; UTF-8 when left out. */
  readonly encode?: (text: string) => Uint8Array;
}

export const EXPLICIT = '1.2.840.10008.1.2.1';
export const IMPLICIT = '1.2.840.10008.1.2';
const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT', 'UC']);
const IMPLEMENTATION = '1.2.826.0.1.3680043.10.1503.1.0';

type Encode = (text: string) => Uint8Array;
const utf8: Encode = (text) => Buffer.from(text, 'utf8');

export function writeDicom(file: DicomFile): Buffer {
  const meta = writeDataset(
    [
      [0x00020001, 'OB', Buffer.from([0, 1])],
      [0x00020002, 'UI', file.sopClassUid],
      [0x00020003, 'UI', file.sopInstanceUid],
      [0x00020010, 'UI', file.transferSyntaxUid],
      [0x00020012, 'UI', IMPLEMENTATION],
    ],
    true,
    utf8,
  );
  const length = writeDataset([[0x00020000, 'UL', meta.length]], true, utf8);
  const dataset = writeDataset(file.dataset, file.transferSyntaxUid !== IMPLICIT, file.encode ?? utf8);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, dataset]);
}

export function writeDataset(items: Items, explicit: boolean, encode: Encode = utf8): Buffer {
  const sorted = [...items].sort(([a], [b]) => a - b);
  return Buffer.concat(
    sorted.map(([tag, vr, value]) => element(tag, vr, bytesOf(vr, value, explicit, encode), explicit)),
  );
}

function element(tag: number, vr: string, value: Uint8Array, explicit: boolean): Buffer {
  const head = Buffer.alloc(explicit && LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  if (!explicit) head.writeUInt32LE(value.length, 4);
  else {
    head.write(vr, 4, 'latin1');
    if (LONG.has(vr)) head.writeUInt32LE(value.length, 8);
    else head.writeUInt16LE(value.length, 6);
  }
  return Buffer.concat([head, value]);
}

function bytesOf(vr: string, value: Value, explicit: boolean, encode: Encode): Buffer {
  if (value instanceof Uint8Array) return padded(Buffer.from(value), 0);
  if (typeof value === 'number') return integer(vr, value);
  if (typeof value === 'string') return padded(Buffer.from(encode(value)), vr === 'UI' ? 0 : 0x20);
  return Buffer.concat(value.map((item) => itemBytes(writeDataset(item, explicit, encode))));
}

function itemBytes(content: Buffer): Buffer {
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

function integer(vr: string, value: number): Buffer {
  const bytes = Buffer.alloc(vr === 'UL' ? 4 : 2);
  if (vr === 'UL') bytes.writeUInt32LE(value);
  else if (vr === 'SS') bytes.writeInt16LE(value);
  else bytes.writeUInt16LE(value);
  return bytes;
}

function padded(bytes: Buffer, pad: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([pad])]);
}

/** GB18030 text, for the characters that have one or two bytes (GBK); made by turning the platform's decoder round. */
export function gb18030(text: string): Uint8Array {
  const table = gbkTable();
  return Buffer.concat(
    [...text].map((character) => {
      const bytes = character < '\x80' ? Buffer.from(character) : table.get(character);
      if (!bytes) throw new RangeError('a character has no two-byte code in GB18030');
      return bytes;
    }),
  );
}

let table: Map<string, Buffer> | null = null;

function gbkTable(): Map<string, Buffer> {
  if (table) return table;
  table = new Map();
  const decoder = new TextDecoder('gb18030');
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const bytes = Buffer.from([lead, trail]);
      const character = decoder.decode(bytes);
      if (character.length === 1 && character !== '\uFFFD') table.set(character, bytes);
    }
  }
  return table;
}
