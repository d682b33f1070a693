/** A next attempt for dead letters: from the spooled bytes, or, where the item was refused unread, from the source. */
import { createHash } from 'node:crypto';
import type { DeadLetterRow, ItemPart, Journal } from '../core/journal/index.ts';
import type { Spool } from '../core/spool/spool.ts';
import type { ReadLimits, SourceItem } from '../core/types.ts';
import type { Sources } from './sources.ts';

export interface Retried {
  /** Letters that have a new attempt. */
  readonly retried: number;
  /** Letters whose item the source does not give any more, or still refuses. */
  readonly missing: number;
  /** Feeds with work to do. */
  readonly feeds: readonly string[];
}

interface RetryDeps {
  readonly journal: Journal;
  readonly spool: Spool;
  readonly sources: Sources;
  readonly limits: ReadLimits;
}

export async function retryLetters(
  deps: RetryDeps,
  ids: readonly number[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Retried> {
  const letters = await Promise.all([...new Set(ids)].map((id) => deps.journal.deadLetter(id)));
  const open = letters.filter((letter) => letter?.state === 'open') as DeadLetterRow[];
  const unread = open.filter((letter) => !letter.spooled);
  const batches = await deps.journal.retry(open.map((letter) => letter.id));
  const feeds = new Set(batches.map((batch) => batch.feed));
  let found = 0;
  for (const [feed, wanted] of Map.groupBy(unread, (letter) => letter.feed)) {
    const count = await rereadFeed(deps, feed, wanted, signal);
    if (count > 0) feeds.add(feed);
    found += count;
  }
  return { retried: open.length - unread.length + found, missing: unread.length - found, feeds: [...feeds] };
}

/** Reads the source from its beginning until all wanted items were met. */
async function rereadFeed(
  deps: RetryDeps,
  feed: string,
  letters: readonly DeadLetterRow[],
  signal: AbortSignal,
): Promise<number> {
  const wanted = new Map<string, DeadLetterRow>();
  for (const letter of letters) wanted.set(await deps.journal.sourceKey(letter.item), letter);
  const { source } = deps.sources.get(feed);
  let found = 0;
  let cursor: unknown = null;
  for (let seen = 1; seen > 0 && wanted.size > 0; ) {
    seen = 0;
    for await (const entry of source.read(cursor, deps.limits, signal)) {
      if (entry.type === 'checkpoint') {
        cursor = entry.cursor;
        continue;
      }
      seen += 1;
      const letter = wanted.get(entry.sourceKey);
      if (!letter || entry.type !== 'item') continue;
      wanted.delete(entry.sourceKey);
      await takeAgain(deps, letter, entry, signal);
      found += 1;
    }
  }
  return found;
}

async function takeAgain(deps: RetryDeps, letter: DeadLetterRow, entry: SourceItem, signal: AbortSignal) {
  const spool = `${letter.item}.raw`;
  const contentDigest = createHash('sha256').update(entry.bytes).digest('hex');
  await deps.spool.put(spool, entry.bytes);
  const parts: ItemPart[] = [];
  for (const [index, part] of (entry.parts ?? []).entries()) {
    const id = `${letter.item}.part.${index}`;
    parts.push({ key: part.key, spool: id, ...(await deps.spool.putStream(id, part.open(signal))) });
  }
  const item = { spool, contentDigest, size: entry.bytes.length, parts };
  if (!(await deps.journal.retryReread(letter.id, item)))
    await deps.spool.remove([spool, ...parts.map((part) => part.spool)]);
}
