/** The headers of one study, checked to be of one study and one patient. */
import type { DicomDataset } from '../../core/dicom/dataset.ts';
import { readHeader } from '../../core/dicom/header.ts';
import { BridgeError } from '../../core/errors.ts';
import type { NormalizeInput, PartHeader } from '../context.ts';
import type { Draft } from '../draft.ts';

export interface Instance {
  readonly dataset: DicomDataset;
  /** Number of the part, from 0. */
  readonly part: number;
  readonly uid: string;
  readonly seriesUid: string;
}

/** Type 1 in every composite object (PS3.3 C.7.2.1, C.7.3.1, C.12.1). */
const REQUIRED = ['SOPInstanceUID', 'SeriesInstanceUID', 'StudyInstanceUID', 'SOPClassUID'];
/** Without leading zeros, as `urn:oid:` asks; old devices write study and instance identifiers with them. */
const OID = /^[0-2](\.(0|[1-9]\d*))+$/;
const UID = /^[0-9]+(\.[0-9]+)*$/;

export interface Study {
  readonly uid: string;
  /** In the order of the parts. */
  readonly instances: readonly Instance[];
}

/** @throws BridgeError `item.format` when no instance can be read, or when they are of several studies or patients */
export function readStudy(draft: Draft, input: NormalizeInput): Study {
  const parts = input.headers ?? [];
  const instances = parts.flatMap((part, n) => readInstance(draft, part, n) ?? []);
  const [first] = instances;
  if (!first) throw new BridgeError('item.format', 'the study holds no instance that can be read');
  const uid = textIn(first.dataset, 'StudyInstanceUID')!;
  if (instances.some((one) => textIn(one.dataset, 'StudyInstanceUID') !== uid))
    throw new BridgeError('item.format', 'the instances belong to several studies');
  if (new Set(instances.map((one) => patientKey(one.dataset))).size > 1)
    throw new BridgeError('item.format', 'the instances of the study belong to several patients');
  return { uid, instances };
}

/** First value of an attribute that says anything. */
function textIn(dataset: DicomDataset, keyword: string): string | undefined {
  return dataset[keyword]?.values.map(clean).find((value) => value !== '');
}

/** R4 strings hold no control characters but tab and line ends; broken files do. */
function clean(text: string): string {
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '').trim();
}

/** An unreadable instance stays a sealed part of the record; the report says that its header was not read. */
function readInstance(draft: Draft, part: PartHeader, n: number): Instance | undefined {
  const path = `Instance[${n + 1}]`;
  try {
    const assumed = draft.context.charset ? { assumedCharset: draft.context.charset } : {};
    const header = readHeader(part.bytes, { complete: part.bytes.length >= part.size, ...assumed });
    if (!header) throw new BridgeError('item.truncated', 'the header does not end within the bytes at hand');
    for (const { path: place, code } of header.problems)
      draft.issue(
        'warning',
        code === 'item.charset' ? 'item.charset' : 'field.invalid',
        `${path}.${place}`,
        'the element could not be read',
      );
    const uids = REQUIRED.map((k) => textIn(header.dataset, k) ?? '');
    if (!uids.every((uid) => uid.length <= 64 && UID.test(uid)))
      throw new BridgeError('item.format', 'a unique identifier of the instance is missing or has no valid form');
    if (!OID.test(uids[3]!)) throw new BridgeError('item.format', 'the SOP class of the instance is no identifier');
    return { dataset: header.dataset, part: n, uid: uids[0]!, seriesUid: uids[1]! };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    draft.issue('warning', error.code, path, error.message);
    return undefined;
  }
}

function patientKey(dataset: DicomDataset): string {
  return JSON.stringify([textIn(dataset, 'PatientID'), textIn(dataset, 'IssuerOfPatientID')]);
}
