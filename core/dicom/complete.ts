/**
 * Whether a DICOM dataset ends where its file ends. Steps from element to element without reading values, so that a
 * truncated upload is told apart from a whole one in any size of file.
 */

/** At most `length` bytes from `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

export interface Encoding {
  readonly explicit: boolean;
  readonly bigEndian: boolean;
}

const UNDEFINED = 0xffffffff;
/** PS3.5 §7.1.2: VRs with a 32-bit length. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
/** PS3.5 §6.2.2: a UN element of undefined length holds implicit little endian items. */
const IMPLICIT: Encoding = { explicit: false, bigEndian: false };
const MAX_DEPTH = 64;
const MAX_STEPS = 5_000_000;

/**
 * @param start offset of the first element to step from, at the top level
 * @param isImage whether pixel data must follow: a file may be cut exactly between two elements
 * @returns false when an element reaches beyond the file, a sequence is not closed or an image has no pixels
 */
export async function endsWithinFile(
  read: ReadAt,
  size: number,
  start: number,
  encoding: Encoding,
  isImage: boolean,
): Promise<boolean> {
  let hasPixels = !isImage;
  // Of each open sequence, fragment list or item of undefined length: how its content is encoded.
  const open: Encoding[] = [];
  let at = start;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const now = open.at(-1) ?? encoding;
    const bytes = Buffer.from(await read(at, 12));
    // A few zeros of padding behind the last element are common.
    if (open.length === 0 && bytes.length < 8) return at <= size && hasPixels && bytes.every((byte) => byte === 0);
    if (bytes.length < 8) return false;
    const element = parse(bytes, now);
    at += element.head;
    hasPixels ||= open.length === 0 && isPixels(element);
    if (element.group === 0xfffe && element.number !== 0xe000) {
      open.pop();
    } else if (element.length !== UNDEFINED) {
      at += element.length;
    } else if (open.length >= MAX_DEPTH) {
      return false;
    } else {
      open.push(element.vr === 'UN' ? IMPLICIT : now);
    }
    if (at > size) return false;
  }
  return false;
}

interface Parsed {
  readonly group: number;
  readonly number: number;
  readonly vr: string;
  readonly length: number;
  /** Bytes before the value. */
  readonly head: number;
}

/** Pixels of any kind (group 7FE0), or the address where they are (0028,7FE0). */
function isPixels({ group, number }: Parsed): boolean {
  return group === 0x7fe0 || (group === 0x0028 && number === 0x7fe0);
}

function parse(bytes: Buffer, { explicit, bigEndian }: Encoding): Parsed {
  const u16 = (at: number) => (bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const u32 = (at: number) => (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const [group, number] = [u16(0), u16(2)];
  if (!explicit || group === 0xfffe) return { group, number, vr: '', length: u32(4), head: 8 };
  const vr = bytes.toString('latin1', 4, 6);
  if (!LONG.has(vr)) return { group, number, vr, length: u16(6), head: 8 };
  return { group, number, vr, length: bytes.length < 12 ? UNDEFINED : u32(8), head: 12 };
}
