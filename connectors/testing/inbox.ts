/** An inbox in memory, for tests that need to see or to break its writes. */
import type { Inbox, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';

export class MemoryInbox implements Inbox {
  readonly entries: (SourceItem | RefusedItem)[] = [];
  /** Awaited before each write: delays it, or refuses it by throwing. */
  beforeWrite: () => Promise<void> = async () => {};

  async put(item: Omit<SourceItem, 'type' | 'parts'>) {
    await this.beforeWrite();
    const before = this.entries.filter((entry) => entry.type === 'item' && entry.sourceKey === item.sourceKey);
    const same = before.find((entry) => entry.type === 'item' && Buffer.compare(entry.bytes, item.bytes) === 0);
    if (same) return { seq: this.entries.indexOf(same) + 1, duplicate: true, conflict: false };
    this.entries.push({ type: 'item', ...item });
    return { seq: this.entries.length, duplicate: false, conflict: before.length > 0 };
  }

  async refuse(item: Omit<RefusedItem, 'type'>): Promise<void> {
    await this.beforeWrite();
    this.entries.push({ type: 'refused', ...item });
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
