/**
 * Studies of an archive, day by day of their study date. A first round goes from the first day to today; later ones
 * look again at the last `recheckDays`, because images and reports arrive late. After `fullRoundDays` all dates are
 * gone through again, for what is imported from elsewhere. Such a round ends with the studies without a date.
 */
import { createHash } from 'node:crypto';
import type { Checkpoint, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';
import type { Http } from '../shared/http.ts';
import { recentDigest, remember } from '../shared/recent.ts';
import type { DicomwebConfig } from './config.ts';
import { addDays, periodsFrom, today } from './days.ts';
import { tooLarge } from './folder-read.ts';
import { isUid, openQido, type Qido } from './qido.ts';
import { studyItem } from './study.ts';
import { fetchInstance } from './wado.ts';

/** Holds days and digests, no UID. */
export interface DicomwebCursor {
  readonly v: 1;
  /** Next day to read, `YYYYMMDD`; `undated` while studies without a date are read; null between two rounds. */
  readonly at: string | null;
  /** Within that day: studies up to this digest of their UID are done. */
  readonly after: string;
  /** Last day of the round under way or the last one. */
  readonly last: string;
  /** Day on which the last round over all dates began. */
  readonly fullOn: string;
  /** Whether the round under way is one over all dates. */
  readonly full: boolean;
  /** Digests of the studies that the next round will meet again, as they were. */
  readonly recent: readonly string[];
  /** The same, gathered by the round under way. */
  readonly seen: readonly string[];
}

/** Before it there was no digital archive; with `periodsFrom` the empty years cost one query each. */
const FIRST_DAY = '19700101';
const UNDATED = 'undated';

type Read = SourceItem | RefusedItem | Checkpoint<DicomwebCursor>;

export async function* readDicomweb(
  http: Http,
  config: DicomwebConfig,
  timezone: string,
  from: DicomwebCursor | null,
  limits: ReadLimits,
  signal: AbortSignal,
): AsyncGenerator<Read> {
  signal.throwIfAborted();
  const qido = openQido(http, config.pageSize);
  let cursor = from?.at ? from : newRound(from, config, today(timezone));
  let items = 0;
  let bytes = 0;
  while (cursor.at !== null) {
    const day = cursor.at;
    const again = day === UNDATED || day >= addDays(cursor.last, -config.recheckDays);
    for (const study of await studiesOf(qido, day, signal)) {
      if (study.order <= cursor.after) continue;
      signal.throwIfAborted();
      if (items >= limits.items || bytes >= limits.bytes) {
        yield { type: 'checkpoint', cursor };
        return;
      }
      const item = await itemOf(http, qido, study.uid, limits.itemBytes, signal);
      cursor = { ...cursor, after: study.order };
      if (!item) continue;
      const content = item.type === 'item' ? item.bytes : item.head;
      const digest = recentDigest(study.uid, content);
      if (again) cursor = { ...cursor, seen: remember(cursor.seen, digest) };
      if (cursor.recent.includes(digest)) continue;
      yield item;
      items++;
      bytes += content.length;
    }
    cursor = await nextDay(qido, cursor, config, signal);
    yield { type: 'checkpoint', cursor };
    if (items >= limits.items || bytes >= limits.bytes) return;
  }
}

function newRound(before: DicomwebCursor | null, config: DicomwebConfig, now: string): DicomwebCursor {
  const first = config.from?.replaceAll('-', '') ?? FIRST_DAY;
  const until = config.until?.replaceAll('-', '');
  // A device whose clock is ahead writes tomorrow's date.
  const last = until && until < now ? until : addDays(now, 1);
  const full = !before || addDays(before.fullOn, config.fullRoundDays) <= now;
  const again = full ? first : addDays(before.last, -config.recheckDays);
  return {
    v: 1,
    at: [first, again].sort().at(-1)!,
    after: '',
    last,
    fullOn: full ? now : before.fullOn,
    full,
    recent: before?.seen ?? [],
    seen: [],
  };
}

async function nextDay(
  qido: Qido,
  cursor: DicomwebCursor,
  config: DicomwebConfig,
  signal: AbortSignal,
): Promise<DicomwebCursor> {
  if (cursor.at === UNDATED) return { ...cursor, at: null, after: '' };
  let day = addDays(cursor.at!, 1);
  for (let empty = true; empty && day <= cursor.last; ) {
    empty = false;
    for (const { range, next } of periodsFrom(day, cursor.last)) {
      if (await qido.hasStudies(range, signal)) continue;
      [day, empty] = [next, true];
      break;
    }
  }
  if (day <= cursor.last) return { ...cursor, at: day, after: '' };
  // Whoever names the dates to be read does not mean studies without one.
  const undated = cursor.full && config.from === undefined && config.until === undefined;
  return { ...cursor, at: undated ? UNDATED : null, after: '' };
}

/** UIDs of a day in the order of their digest, which a cursor may keep. */
async function studiesOf(qido: Qido, day: string, signal: AbortSignal): Promise<{ uid: string; order: string }[]> {
  const found: { uid: string; order: string }[] = [];
  for await (const study of qido.studies(day === UNDATED ? null : day, signal)) {
    if (day === UNDATED && study.studyDate !== '') continue;
    const order = createHash('sha256').update(study.studyInstanceUid).digest('hex').slice(0, 16);
    found.push({ uid: study.studyInstanceUid, order });
  }
  return found.sort((a, b) => (a.order < b.order ? -1 : 1));
}

/** Null for a study that the archive lists and holds nothing of. */
async function itemOf(
  http: Http,
  qido: Qido,
  uid: string,
  itemBytes: number,
  signal: AbortSignal,
): Promise<SourceItem | RefusedItem | null> {
  if (!isUid(uid)) return badUid(uid);
  const instances = await qido.instances(uid, signal);
  if (instances.length === 0) return null;
  if (!instances.every((one) => isUid(one.sopInstanceUid) && isUid(one.seriesInstanceUid))) return badUid(uid);
  const item = studyItem(uid, instances, (instance, stop) => fetchInstance(http, uid, instance, stop));
  return item.bytes.length > itemBytes ? tooLarge(item, itemBytes) : item;
}

function badUid(uid: string): RefusedItem {
  return {
    type: 'refused',
    sourceKey: uid.slice(0, 256),
    kind: 'dicom',
    receivedAt: new Date().toISOString(),
    size: 0,
    head: new Uint8Array(),
    code: 'item.format',
    detail: 'the archive lists a study, a series or an instance by something that is no UID',
  };
}
