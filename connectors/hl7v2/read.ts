/** What senders pushed, in the order of its arrival. Messages in several parts are put together. */
import { BridgeError } from '../../core/errors.ts';
import type { Checkpoint, Inbox, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';
import { continuedBy, continues } from './continuation.ts';
import { readHeader } from './header.ts';
import { byPerson } from './people.ts';

export interface InboxCursor {
  readonly format: 1;
  readonly seq: number;
  /** Later places that were already read as parts of an earlier message. */
  readonly joined?: readonly number[];
}

type Found = { readonly seq: number; readonly entry: SourceItem | RefusedItem };

/** The rest of a message is expected so soon, and among so many that came behind it. */
const PATIENCE_MS = 60_000;
const AHEAD = { items: 256, bytes: 1 << 26 };

export async function* readInbox(
  inbox: Inbox | undefined,
  cursor: InboxCursor | null,
  limits: ReadLimits,
  signal: AbortSignal,
): AsyncGenerator<SourceItem | RefusedItem | Checkpoint<InboxCursor>> {
  if (!inbox) {
    throw new BridgeError('source.missing', 'pushed messages are read where the bridge runs', {
      hint: 'start the bridge with `dhc start`',
    });
  }
  let seq = cursor?.seq ?? 0;
  const joined = new Set(cursor?.joined);
  for await (const found of inbox.read(seq, limits, signal)) {
    signal.throwIfAborted();
    if (!joined.delete(found.seq)) {
      const parts = await partsOf(inbox, found, limits, signal);
      if (parts === 'later') break;
      yield* people(parts.length === 1 ? found.entry : together(parts));
      for (const part of parts.slice(1)) joined.add(part.seq);
    }
    seq = found.seq;
  }
  signal.throwIfAborted();
  yield { type: 'checkpoint', cursor: { format: 1, seq, ...(joined.size > 0 && { joined: [...joined] }) } };
}

/** The message and what continues it; `later` while the rest may still come. One whose rest never comes is read alone. */
async function partsOf(
  inbox: Inbox,
  found: Found,
  limits: ReadLimits,
  signal: AbortSignal,
): Promise<readonly Found[] | 'later'> {
  let pointer = pointerOf(found);
  if (pointer === undefined) return [found];
  const parts = [found];
  let size = bytesOf(found).length;
  for await (const next of inbox.peek(found.seq, { ...limits, ...AHEAD }, signal)) {
    if (
      next.entry.type !== 'item' ||
      continues(readHeader(next.entry.bytes)) !== pointer ||
      !isOfSameSender(found, next)
    )
      continue;
    parts.push(next);
    size += next.entry.bytes.length;
    if (size > limits.itemBytes) return [found];
    pointer = pointerOf(next);
    if (pointer === undefined) return parts;
  }
  return Date.now() - Date.parse(found.entry.receivedAt) < PATIENCE_MS ? 'later' : [found];
}

function pointerOf({ entry }: Found): string | undefined {
  return entry.type === 'item' ? continuedBy(entry.bytes) : undefined;
}

function bytesOf({ entry }: Found): Uint8Array {
  return entry.type === 'item' ? entry.bytes : entry.head;
}

function isOfSameSender(a: Found, b: Found): boolean {
  const [one, other] = [readHeader(bytesOf(a)), readHeader(bytesOf(b))];
  return [3, 4].every((field) => one?.field(field) === other?.field(field));
}

/** One item under the first part's key, with the bytes of all as they came. */
function together(parts: readonly Found[]): SourceItem {
  return { ...(parts[0]!.entry as SourceItem), bytes: new Uint8Array(Buffer.concat(parts.map(bytesOf))) };
}

/** The people of one message get keys of their own, in the order in which it names them. */
function* people(entry: SourceItem | RefusedItem): Generator<SourceItem | RefusedItem> {
  const parts = entry.type === 'item' ? byPerson(entry.bytes) : [];
  if (entry.type === 'refused' || parts.length === 1) yield entry;
  else
    for (const [index, bytes] of parts.entries())
      yield { ...entry, sourceKey: `${entry.sourceKey}.${index + 1}`, bytes };
}
