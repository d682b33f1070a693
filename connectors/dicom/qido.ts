/** QIDO-RS (PS3.18 §10.6): studies of a range of dates, instances of a study. Counters of an archive are never trusted. */

import type { InstanceEntry } from '../../core/dicom/manifest.ts';
import { BridgeError } from '../../core/errors.ts';
import { expectOk, type Http } from '../shared/http.ts';

const DICOM_JSON = 'application/dicom+json';
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** A study of more instances is a fault of paging. */
const MAX_MATCHES = 200_000;
/** No leading or doubled dots: a UID becomes part of an address. */
const UID = /^\d+(?:\.\d+)*$/;

const TAG = {
  studyDate: '00080020',
  sopClassUid: '00080016',
  sopInstanceUid: '00080018',
  studyInstanceUid: '0020000D',
  seriesInstanceUid: '0020000E',
  availableTransferSyntaxUid: '00083002',
} as const;

type Match = Readonly<Record<string, { readonly Value?: readonly unknown[] } | undefined>>;

/** Whether a listed UID may become part of an address. */
export function isUid(uid: string): boolean {
  return uid.length <= 64 && UID.test(uid);
}

export interface ListedStudy {
  /** As the archive writes it; see `isUid`. */
  readonly studyInstanceUid: string;
  /** `YYYYMMDD`; empty where the archive has none. */
  readonly studyDate: string;
}

export interface Qido {
  /** @param dates `YYYYMMDD` or `YYYYMMDD-YYYYMMDD`; null for all studies */
  studies(dates: string | null, signal: AbortSignal): AsyncGenerator<ListedStudy>;
  hasStudies(dates: string, signal: AbortSignal): Promise<boolean>;
  instances(studyInstanceUid: string, signal: AbortSignal): Promise<InstanceEntry[]>;
}

export function openQido(http: Http, pageSize: number): Qido {
  async function page(path: string, query: string, signal: AbortSignal): Promise<readonly Match[]> {
    const answer = await http.getBytes(`${http.base}${path}?${query}`, DICOM_JSON, MAX_PAGE_BYTES, signal);
    if (answer.status === 204) return [];
    expectOk(answer.status);
    return parseMatches(answer.bytes);
  }

  /** Until a page brings nothing: an archive may cut pages shorter than asked for. */
  async function* matches(path: string, query: string, uidTag: string, signal: AbortSignal): AsyncGenerator<Match> {
    const known = new Set<string>();
    for (let offset = 0; ; ) {
      const found = await page(path, `${query}limit=${pageSize}&offset=${offset}`, signal);
      const fresh = found.filter((match) => {
        const uid = uidOf(match, uidTag);
        return !known.has(uid) && known.add(uid);
      });
      yield* fresh;
      if (found.length === 0) return;
      if (fresh.length === 0) return checkComplete(offset, known.size);
      if (known.size > MAX_MATCHES) throw new BridgeError('source.protocol', 'a query finds more than can be right');
      offset += found.length;
    }
  }

  /** The archive ignores `offset`. All was seen only if it ignores `limit` as well. */
  function checkComplete(offset: number, seen: number): void {
    if (offset === seen && seen > pageSize) return;
    throw new BridgeError('source.protocol', 'paging stalls: the archive repeats a page', {
      hint: 'raise dicomweb.pageSize above the number of studies of a day, or set it to the limit of the archive',
    });
  }

  return {
    async *studies(dates, signal) {
      const filter = dates === null ? '' : `StudyDate=${dates}&`;
      for await (const match of matches('/studies', filter, TAG.studyInstanceUid, signal)) {
        yield { studyInstanceUid: uidOf(match, TAG.studyInstanceUid), studyDate: dateOf(match) };
      }
    },
    async hasStudies(dates, signal) {
      return (await page('/studies', `StudyDate=${dates}&limit=1`, signal)).length > 0;
    },
    async instances(studyInstanceUid, signal) {
      const fields = 'includefield=00080016&includefield=00083002&';
      const found: InstanceEntry[] = [];
      const path = `/studies/${studyInstanceUid}/instances`;
      for await (const match of matches(path, fields, TAG.sopInstanceUid, signal)) found.push(instanceOf(match));
      return found;
    },
  };
}

function parseMatches(bytes: Uint8Array): readonly Match[] {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null)) return value as Match[];
  } catch {
    // Falls through: broken JSON is no list either.
  }
  throw new BridgeError('source.protocol', 'a query is not answered with a list of DICOM JSON objects');
}

function first(match: Match, tag: string): string {
  const value = match[tag]?.Value?.[0];
  return typeof value === 'string' ? value.trim() : '';
}

function uidOf(match: Match, tag: string): string {
  const uid = first(match, tag);
  if (uid === '') throw new BridgeError('source.protocol', 'a match holds no UID');
  return uid;
}

function dateOf(match: Match): string {
  const date = first(match, TAG.studyDate);
  return /^\d{8}$/.test(date) ? date : '';
}

function instanceOf(match: Match): InstanceEntry {
  const transferSyntaxUid = first(match, TAG.availableTransferSyntaxUid);
  return {
    sopInstanceUid: uidOf(match, TAG.sopInstanceUid),
    sopClassUid: first(match, TAG.sopClassUid),
    seriesInstanceUid: uidOf(match, TAG.seriesInstanceUid),
    ...(UID.test(transferSyntaxUid) ? { transferSyntaxUid } : {}),
  };
}
