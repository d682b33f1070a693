/**
 * What a FHIR feed remembers. Holds times, page addresses and digests, nothing of a resource.
 *
 * A round walks every type once. Newest resources come first (`_sort=-_lastUpdated`): what is created or updated
 * during the walk pushes others towards later pages, so that none can slip past; it is itself met in the next round.
 */

/** From where the next walk of a type begins. */
export interface Since {
  /** `lastUpdated` as the server wrote it. */
  readonly at: string;
  /** Whether resources of exactly this time are still to be read. */
  readonly inclusive: boolean;
}

export interface Walk {
  readonly type: string;
  /** Page to read; null for the first one. */
  readonly url: string | null;
  /** When the walk's first page was served, ms. */
  readonly startedAt: number | null;
  /** Greatest `lastUpdated` seen so far. */
  readonly newest: string | null;
  /** Digests of what has been handed over of the page at `url`, where a read stopped within it. */
  readonly done: readonly string[];
  /** Digests of what the next walk will meet again. */
  readonly recent: readonly string[];
  /** Brent's cycle finding over page addresses: a remembered digest, how old it is, when it is replaced. */
  readonly mark: { readonly url: string; readonly age: number; readonly limit: number } | null;
  /** Digest of the last page's content: a server that repeats it goes nowhere. */
  readonly content: string | null;
  /** How often in a row that content has come again. */
  readonly repeats: number;
}

export interface FhirCursor {
  readonly v: 1;
  readonly since: Readonly<Record<string, Since>>;
  /** Of the last finished walk of each type. */
  readonly recent: Readonly<Record<string, readonly string[]>>;
  /** The walk under way; null between two rounds. */
  readonly walk: Walk | null;
}

export const FIRST: FhirCursor = { v: 1, since: {}, recent: {}, walk: null };

export function newWalk(type: string): Walk {
  return {
    type,
    url: null,
    startedAt: null,
    newest: null,
    done: [],
    recent: [],
    mark: null,
    content: null,
    repeats: 0,
  };
}

/**
 * Where the next walk begins after one that saw everything up to `newest`. What is older than the overlap was
 * visible then; what is younger may have become visible behind the walk's back and is looked at again.
 */
export function sinceAfter(walk: Walk, before: Since | undefined, overlapMs: number): Since | undefined {
  if (walk.newest === null || walk.startedAt === null) return before;
  const safe = walk.startedAt - overlapMs;
  const next =
    Date.parse(walk.newest) < safe
      ? { at: walk.newest, inclusive: false }
      : { at: new Date(safe).toISOString(), inclusive: true };
  return before && Date.parse(next.at) < Date.parse(before.at) ? before : next;
}

export function isCovered(lastUpdated: string | undefined, since: Since | undefined): boolean {
  if (!since || lastUpdated === undefined) return false;
  const difference = Date.parse(lastUpdated) - Date.parse(since.at);
  return difference < 0 || (difference === 0 && !since.inclusive);
}

/** Whether the next walk will meet it again. */
export function isRecent(lastUpdated: string | undefined, walk: Walk, overlapMs: number): boolean {
  return lastUpdated === undefined || walk.startedAt === null || Date.parse(lastUpdated) >= walk.startedAt - overlapMs;
}
