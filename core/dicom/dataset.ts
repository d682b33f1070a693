/** Parsed elements → text values by keyword. Bounded in depth, items and text length. */
import type { DataSet, Element } from 'dicom-parser';
import { decodeText, normalizeCharset } from './charset.ts';
import { type Attribute, attributes } from './dictionary.ts';

export interface DicomElement {
  readonly vr: string;
  /** Trimmed as its VR says (PS3.5 §6.2); numbers as decimal text; empty for a present but empty element. */
  readonly values: readonly string[];
  /** Of a sequence. */
  readonly items?: readonly DicomDataset[];
}

/** By keyword (PS3.6). Only attributes of `dictionary.ts` appear. */
export type DicomDataset = Readonly<Record<string, DicomElement>>;

export interface DicomProblem {
  /** Keyword, or keywords with item numbers: `OtherPatientIDsSequence[0].PatientID`. */
  readonly path: string;
  readonly code: 'item.charset' | 'field.invalid';
}

/** First value that is not empty. */
export function textOf(dataset: DicomDataset, keyword: string): string | undefined {
  return dataset[keyword]?.values.find((value) => value !== '');
}

const MAX_DEPTH = 4;
const MAX_ITEMS = 64;
const MAX_TEXT = 64 * 1024;
/** PS3.5 §6.1.2.3: the VRs that (0008,0005) governs. */
const CHARSET_VR = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const SINGLE_VALUED = new Set(['LT', 'ST', 'UT']);
const BINARY: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, SL: 4 };

export interface DatasetReader {
  readonly problems: DicomProblem[];
  read(dataset: DataSet, path: string): DicomDataset;
}

export function datasetReader(assumedCharset?: string): DatasetReader {
  const problems: DicomProblem[] = [];

  function readDataset(dataset: DataSet, path: string, inherited: string | null, depth: number): DicomDataset {
    const declared = dataset.elements.x00080005;
    const charset = declared ? normalizeCharset(latin(bytesOf(dataset, declared))) : inherited;
    const out: Record<string, DicomElement> = {};
    for (const [tag, element] of Object.entries(dataset.elements)) {
      const attribute = attributes.get(tag);
      if (!attribute) continue;
      const place = `${path}${attribute.keyword}`;
      const value = readElement(dataset, element, attribute, place, charset, depth);
      if (value) out[attribute.keyword] = value;
    }
    return out;
  }

  function readElement(
    dataset: DataSet,
    element: Element,
    { vr }: Attribute,
    place: string,
    charset: string | null,
    depth: number,
  ): DicomElement | null {
    if (vr === 'SQ') {
      if (depth >= MAX_DEPTH || (element.items?.length ?? 0) > MAX_ITEMS) return problem(place, 'field.invalid');
      const items = (element.items ?? []).flatMap((item) => (item.dataSet ? [item.dataSet] : []));
      return { vr, values: [], items: items.map((one, n) => readDataset(one, `${place}[${n}].`, charset, depth + 1)) };
    }
    if (element.length > MAX_TEXT) return problem(place, 'field.invalid');
    const bytes = bytesOf(dataset, element);
    if (vr in BINARY) return { vr, values: numbers(bytes, dataset, vr) };
    const text = CHARSET_VR.has(vr) ? decodeText(bytes, charset, vr, assumedCharset) : latin(bytes);
    return text === null ? problem(place, 'item.charset') : { vr, values: split(text, vr) };
  }

  function problem(path: string, code: DicomProblem['code']): null {
    problems.push({ path, code });
    return null;
  }

  return { problems, read: (dataset, path) => readDataset(dataset, path, '', 0) };
}

function bytesOf(dataset: DataSet, element: Element): Uint8Array {
  return dataset.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** PS3.5 §6.2: `\` separates values except in long text; padding is no part of the value. */
function split(text: string, vr: string): string[] {
  const unpadded = text.replace(/[\0 ]+$/, '');
  if (unpadded === '') return [];
  if (SINGLE_VALUED.has(vr)) return [unpadded];
  return unpadded.split('\\').map((value) => value.replace(/^ +|[\0 ]+$/g, ''));
}

function numbers(bytes: Uint8Array, dataset: DataSet, vr: string): string[] {
  const { byteArrayParser: parser } = dataset;
  const read = { US: parser.readUint16, SS: parser.readInt16, UL: parser.readUint32, SL: parser.readInt32 }[vr]!;
  const width = BINARY[vr]!;
  const out: string[] = [];
  for (let at = 0; at + width <= bytes.length && out.length < MAX_ITEMS; at += width) out.push(String(read(bytes, at)));
  return out;
}
