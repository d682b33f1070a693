/** An inbox in memory, for tests that need to see or to break its writes. */
import type { Inbox, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';

export class MemoryInbox implements Inbox {
  readonly entries: (SourceItem | RefusedItem)[] = [];
  /** Awaited before each write: delays it, or refuses it by throwing. */
  beforeWrite: () => Promise<void> = async () => {};

  async put(item: Omit<SourceItem, 'type' | 'parts'>) {
    await this.beforeWrite();
    const same = this.entries.findIndex(
      (entry) =>
        entry.type === 'item' && entry.sourceKey === item.sourceKey && !Buffer.compare(entry.bytes, item.bytes),
    );
    const place = same < 0 ? this.entries.length : same;
    const conflict = this.entries.slice(0, place).some((entry) => entry.sourceKey === item.sourceKey);
    if (same < 0) this.entries.push({ type: 'item', ...item });
    return { seq: place + 1, duplicate: same >= 0, conflict, receivedAt: this.entries[place]!.receivedAt };
  }

  async refuse(item: Omit<RefusedItem, 'type'>): Promise<void> {
    await this.beforeWrite();
    this.entries.push({ type: 'refused', ...item });
  }

  peek(after: number, limits: ReadLimits, signal: AbortSignal) {
    return this.read(after, limits, signal);
  }

  async *read(after: number, limits: ReadLimits, signal: AbortSignal) {
    let bytes = 0;
    for (const [index, entry] of this.entries.slice(after, after + limits.items).entries()) {
      if (signal.aborted || bytes >= limits.bytes) return;
      yield { seq: after + index + 1, entry };
      bytes += entry.type === 'item' ? entry.bytes.length : entry.head.length;
    }
  }
}
