/**
 * Reads the identifying part of one DICOM instance (PS3.10) from its first bytes: the file meta group and
 * the dataset up to (0040,A050). Pixels and SR content are never touched. Pure; memory is that of the prefix.
 */
import { inflateRawSync } from 'node:zlib';
import dicomParser from 'dicom-parser';
import { BridgeError } from '../errors.ts';
import { type DicomDataset, type DicomProblem, datasetReader } from './dataset.ts';
import { attributes } from './dictionary.ts';

export interface DicomHeader {
  /** From the file meta group, or what a file without one can only be. */
  readonly transferSyntaxUid: string;
  readonly dataset: DicomDataset;
  /** Elements that are there and could not be read. */
  readonly problems: readonly DicomProblem[];
  /** Where reading stopped, as an offset in the file; of a deflated one where the deflated dataset begins. */
  readonly end: number;
  readonly deflated: boolean;
}

export interface HeaderOptions {
  /** Whether `bytes` are the whole file. */
  readonly complete: boolean;
  /** Character set of files that declare none, e.g. `GB18030`. */
  readonly assumedCharset?: string;
}

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** Nothing that the bridge reads stands at or after this tag. */
const STOP = 'x0040a050';
/** A deflated dataset that grows beyond this is refused. */
const MAX_INFLATED = 64 * 1024 * 1024;

interface Start {
  readonly transferSyntaxUid: string;
  /** Offset of the dataset. */
  readonly offset: number;
}

/**
 * @returns null when more bytes are needed (never when `complete`)
 * @throws BridgeError `item.format`, `item.truncated`, `source.too-large` (deflated content beyond 64 MiB)
 */
export function readHeader(bytes: Uint8Array, options: HeaderOptions): DicomHeader | null {
  const start = findStart(bytes, options.complete);
  if (!start) return null;
  const deflated = start.transferSyntaxUid === DEFLATED;
  const content = deflated ? inflate(bytes.subarray(start.offset)) : bytes;
  const found = walk(content, deflated ? 0 : start.offset, start.transferSyntaxUid, options.complete);
  if (!found) return null;
  const reader = datasetReader(options.assumedCharset);
  const dataset = reader.read(found.dataset, '');
  return {
    transferSyntaxUid: start.transferSyntaxUid,
    dataset,
    problems: reader.problems,
    end: deflated ? start.offset : found.end,
    deflated,
  };
}

function findStart(bytes: Uint8Array, complete: boolean): Start | null {
  if (bytes.length < 140) {
    if (!complete) return null;
    throw notDicom();
  }
  const preamble = Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';
  if (preamble) return readMeta(bytes, 132, complete);
  // PS3.10 asks for a preamble; files without one, or without the meta group as well, are common in old archives.
  if (bytes[0] === 2 && bytes[1] === 0) return readMeta(bytes, 0, complete);
  const group = bytes[0]! | (bytes[1]! << 8);
  if (group !== 0x0008) throw notDicom();
  const explicit = /^[A-Z]{2}$/.test(Buffer.from(bytes.subarray(4, 6)).toString('latin1'));
  return { transferSyntaxUid: explicit ? EXPLICIT : IMPLICIT, offset: 0 };
}

/** PS3.10 §7.1: always explicit little endian. */
function readMeta(bytes: Uint8Array, offset: number, complete: boolean): Start | null {
  const stream = new dicomParser.ByteStream(dicomParser.littleEndianByteArrayParser, bytes, offset);
  let transferSyntaxUid = '';
  try {
    while (stream.position + 8 <= bytes.length && groupAt(bytes, stream.position, false) === 2) {
      const element = dicomParser.readDicomElementExplicit(stream);
      if (element.tag === 'x00020010') transferSyntaxUid = uidAt(bytes, element);
    }
  } catch {
    return needMore(complete);
  }
  if (stream.position + 8 > bytes.length) return needMore(complete);
  if (!/^[0-9.]{1,64}$/.test(transferSyntaxUid)) throw new BridgeError('item.format', 'no transfer syntax is declared');
  return { transferSyntaxUid, offset: stream.position };
}

function uidAt(bytes: Uint8Array, element: dicomParser.Element): string {
  const value = bytes.subarray(element.dataOffset, element.dataOffset + element.length);
  return Buffer.from(value)
    .toString('latin1')
    .replace(/[\0 ]+$/, '');
}

function walk(
  bytes: Uint8Array,
  offset: number,
  transferSyntaxUid: string,
  complete: boolean,
): { dataset: dicomParser.DataSet; end: number } | null {
  const bigEndian = transferSyntaxUid === BIG_ENDIAN;
  const parser = bigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const stream = new dicomParser.ByteStream(parser, bytes, offset);
  const elements: Record<string, dicomParser.Element> = {};
  const dataset = { byteArray: bytes, byteArrayParser: parser, elements } as unknown as dicomParser.DataSet;
  const read =
    transferSyntaxUid === IMPLICIT
      ? () => dicomParser.readDicomElementImplicit(stream, undefined, implicitVr)
      : () => dicomParser.readDicomElementExplicit(stream, stream.warnings);
  try {
    while (bytes.length - stream.position >= 8) {
      const position = stream.position;
      if (tagAt(bytes, position, bigEndian) >= STOP) return { dataset, end: position };
      const element = read();
      elements[element.tag] ??= element;
    }
  } catch {
    // dicom-parser throws plain objects and range errors, whose texts may quote the file.
    return needMore(complete);
  }
  return complete ? { dataset, end: stream.position } : null;
}

// The library's type says void; undefined lets it look for items by itself.
const implicitVr = ((tag: string) => attributes.get(tag)?.vr) as (tag: string) => string;

function needMore(complete: boolean): null {
  if (!complete) return null;
  throw new BridgeError('item.truncated', 'an element is longer than the file, or the file is no DICOM dataset');
}

function groupAt(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  return bigEndian ? (bytes[at]! << 8) | bytes[at + 1]! : bytes[at]! | (bytes[at + 1]! << 8);
}

function tagAt(bytes: Uint8Array, at: number, bigEndian: boolean): string {
  const hex = (value: number) => value.toString(16).padStart(4, '0');
  return `x${hex(groupAt(bytes, at, bigEndian))}${hex(groupAt(bytes, at + 2, bigEndian))}`;
}

/** A prefix of a deflated stream ends in the middle: SYNC_FLUSH (2) gives what is there. */
function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED, finishFlush: 2 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new BridgeError('source.too-large', 'a deflated dataset grows beyond 64 MiB', {
        hint: 'ask the archive for the study in an uncompressed transfer syntax',
      });
    }
    throw new BridgeError('item.format', 'the deflated dataset is broken');
  }
}

function notDicom(): BridgeError {
  return new BridgeError('item.format', 'the bytes are no DICOM instance');
}
