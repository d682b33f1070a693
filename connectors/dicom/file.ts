/** One DICOM file of a folder: its identifying header, and its bytes as a stream. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { endsWithinFile } from '../../core/dicom/complete.ts';
import { textOf } from '../../core/dicom/dataset.ts';
import { type DicomHeader, readHeader } from '../../core/dicom/header.ts';
import type { InstanceEntry } from '../../core/dicom/manifest.ts';
import { headerTooLong, PREFIXES } from '../../core/dicom/prefix.ts';
import { BridgeError } from '../../core/errors.ts';
import { OPEN_FLAGS } from '../shared/folder-walk.ts';

const CHUNK = 256 * 1024;
const IMPLICIT = '1.2.840.10008.1.2';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
/** PS3.5 §9.1, without its rule on leading zeros, which real devices break. */
const UID = /^\d+(?:\.\d+)*$/;

export interface FileInstance extends InstanceEntry {
  readonly studyInstanceUid: string;
}

/** @throws BridgeError `item.*` or `source.*` when the file is no whole DICOM instance that names its study */
export async function readInstance(path: Buffer): Promise<FileInstance> {
  const handle = await openRead(path);
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new BridgeError('source.empty', 'the file is empty');
    const header = await readFileHeader(handle, size);
    const instance = instanceOf(header);
    if (!(await isWhole(handle, size, header))) {
      throw new BridgeError('item.truncated', 'the file ends within an element, or its image has no pixels');
    }
    return instance;
  } finally {
    await handle.close();
  }
}

async function openRead(path: Buffer): Promise<FileHandle> {
  try {
    return await open(path, OPEN_FLAGS);
  } catch (error) {
    throw new BridgeError('source.unreadable', 'the file cannot be opened', { cause: error });
  }
}

async function readFileHeader(handle: FileHandle, size: number): Promise<DicomHeader> {
  for (const length of PREFIXES) {
    const complete = length >= size;
    const header = readHeader(await readAt(handle, 0, Math.min(length, size)), { complete });
    if (header) return header;
  }
  throw headerTooLong();
}

function instanceOf(header: DicomHeader): FileInstance {
  const uid = (keyword: string) => {
    const value = textOf(header.dataset, keyword) ?? '';
    if (value.length <= 64 && UID.test(value)) return value;
    throw new BridgeError('item.format', `${keyword} is missing or no UID`);
  };
  const sopClassUid = textOf(header.dataset, 'SOPClassUID');
  if (sopClassUid === undefined && header.dataset.StudyInstanceUID === undefined) {
    throw new BridgeError('item.unsupported', 'the file is no part of a study; perhaps a DICOMDIR index');
  }
  return {
    studyInstanceUid: uid('StudyInstanceUID'),
    seriesInstanceUid: uid('SeriesInstanceUID'),
    sopInstanceUid: uid('SOPInstanceUID'),
    sopClassUid: uid('SOPClassUID'),
    transferSyntaxUid: header.transferSyntaxUid,
  };
}

async function isWhole(handle: FileHandle, size: number, header: DicomHeader): Promise<boolean> {
  if (header.deflated) return inflates(handle, header.end);
  const encoding = {
    explicit: header.transferSyntaxUid !== IMPLICIT,
    bigEndian: header.transferSyntaxUid === BIG_ENDIAN,
  };
  return endsWithinFile(window(handle), size, header.end, encoding, header.dataset.Rows !== undefined);
}

/** Whether the deflated dataset that begins at `start` comes to its end. */
async function inflates(handle: FileHandle, start: number): Promise<boolean> {
  try {
    const stream = handle.createReadStream({ start, autoClose: false });
    await pipeline(stream, createInflateRaw(), new Writable({ write: (_chunk, _encoding, done) => done() }));
    return true;
  } catch {
    return false;
  }
}

/** Neighbouring element heads are read with one system call. */
function window(handle: FileHandle): (offset: number, length: number) => Promise<Uint8Array> {
  let start = 0;
  let bytes: Uint8Array = Buffer.alloc(0);
  return async (offset, length) => {
    if (offset < start || offset + length > start + bytes.length) {
      start = offset;
      bytes = await readAt(handle, offset, 4096);
    }
    return bytes.subarray(offset - start, offset - start + length);
  };
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** @throws BridgeError `source.unreadable` when the file is gone or no longer has this size */
export async function* streamFile(path: Buffer, size: number | null, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await openRead(path);
  let offset = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = await readAt(handle, offset, CHUNK);
      if (chunk.length === 0) break;
      offset += chunk.length;
      yield chunk;
    }
  } finally {
    await handle.close();
  }
  if (size !== null && offset !== size)
    throw new BridgeError('source.unreadable', 'the file was changed since it was listed');
}

/** The first bytes, for the dead letter; empty when the file cannot be read. */
export async function headOf(path: Buffer, length: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, OPEN_FLAGS);
    try {
      return await readAt(handle, 0, length);
    } finally {
      await handle.close();
    }
  } catch {
    return new Uint8Array();
  }
}

export async function digestOf(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of streamFile(path, null)) hash.update(chunk);
  return hash.digest('hex');
}
