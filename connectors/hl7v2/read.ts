/** What senders pushed, in the order of its arrival. */
import { BridgeError } from '../../core/errors.ts';
import type { Checkpoint, Inbox, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';

export interface InboxCursor {
  readonly format: 1;
  readonly seq: number;
}

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
  for await (const found of inbox.read(seq, limits, signal)) {
    signal.throwIfAborted();
    yield found.entry;
    seq = found.seq;
  }
  signal.throwIfAborted();
  yield { type: 'checkpoint', cursor: { format: 1, seq } };
}
