import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadLimits } from '../types.ts';
import { type InboxSpool, openInbox } from './inbox.ts';
import { type Journal, openJournal } from './index.ts';

const secrets = { digestKey: new Uint8Array(32).fill(1), columnKey: new Uint8Array(32).fill(2) };
const limits: ReadLimits = { items: 1000, bytes: 1e9, itemBytes: 1e6 };
let journal: Journal;
let spool: InboxSpool & { writes: number; bodies: Map<string, Uint8Array>; broken: boolean };

beforeEach(() => {
  journal = openJournal(':memory:', secrets);
  const bodies = new Map<string, Uint8Array>();
  spool = {
    writes: 0,
    bodies,
    broken: false,
    async putMany(list) {
      if (this.broken) throw new Error('disk full');
      this.writes += 1;
      for (const { id, bytes } of list) bodies.set(id, bytes);
    },
    get: async (id) => bodies.get(id) ?? null,
    remove: async (ids) => {
      for (const id of ids) bodies.delete(id);
    },
  };
});

afterEach(() => journal.close());

function message(key: string, text = key) {
  return { sourceKey: key, kind: 'hl7v2', receivedAt: '2026-01-01T00:00:00.000Z', bytes: Buffer.from(text) } as const;
}

async function collect(after = 0, bounds = limits) {
  const seen = [];
  const inbox = openInbox('lab', journal, spool);
  for await (const { seq, entry } of inbox.read(after, bounds, new AbortController().signal)) seen.push({ seq, entry });
  return seen;
}

const LARGE = 'x'.repeat((1 << 20) + 1);

describe('inbox', () => {
  it('shares one durable write among the puts of many senders and keeps their order', async () => {
    let writes = 0;
    const inboxPut: Journal['inboxPut'] = (rows) => {
      writes++;
      return journal.inboxPut(rows);
    };
    const inbox = openInbox('lab', { ...journal, inboxPut }, spool);
    const puts = await Promise.all(Array.from({ length: 1000 }, (_, index) => inbox.put(message(`m${index}`))));
    expect(puts.map((put) => put.seq)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(writes).toBeLessThan(5);
    expect(spool.writes).toBe(0);
    const seen = await collect();
    expect(seen.map(({ entry }) => entry.sourceKey)).toEqual(Array.from({ length: 1000 }, (_, index) => `m${index}`));
  });

  it('answers a resend with the first place and tells other content under the same key', async () => {
    const inbox = openInbox('lab', journal, spool);
    const [first, resend] = await Promise.all([inbox.put(message('m1')), inbox.put(message('m1'))]);
    expect(resend).toEqual({ ...first, duplicate: true });
    const later = { ...message('m1', 'changed'), receivedAt: '2026-01-02T00:00:00.000Z' };
    const changed = await inbox.put(later);
    expect(changed).toMatchObject({ duplicate: false, conflict: true, receivedAt: later.receivedAt });
    expect(await inbox.put({ ...later, receivedAt: '2026-01-03T00:00:00.000Z' })).toEqual({
      ...changed,
      duplicate: true,
    });
    expect(await inbox.put(message('m1'))).toEqual(resend);
    expect(await collect()).toHaveLength(2);
  });

  it.each([
    ['small', 'm1', 0],
    ['large', LARGE, 1],
  ])('recognises a resend of a %s item after it was consumed', async (_name, text, spooled) => {
    const inbox = openInbox('lab', journal, spool);
    await Promise.all([inbox.put(message('m1', text)), inbox.put(message('m1', text))]);
    expect(spool.bodies.size).toBe(spooled);
    expect(await collect()).toMatchObject([{ entry: { bytes: Buffer.from(text) } }]);
    for await (const _ of inbox.read(0, limits, new AbortController().signal));
    await inbox.release();
    expect(spool.bodies.size).toBe(0);
    expect(await journal.inboxDepth('lab')).toBe(0);
    expect(await inbox.put(message('m1', text))).toMatchObject({ duplicate: true });
    expect(await collect()).toEqual([]);
  });

  it('frees what the reader has gone on from, not what it only saw', async () => {
    const inbox = openInbox('lab', journal, spool);
    for (const key of ['m1', 'm2', 'm3']) await inbox.put(message(key));
    const { signal } = new AbortController();
    for await (const { seq } of inbox.read(0, limits, signal)) {
      for await (const _ of inbox.peek(seq, limits, signal));
      if (seq === 2) break;
    }
    await inbox.release();
    expect((await collect()).map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it('rejects every waiting sender when nothing could be written, and goes on afterwards', async () => {
    const inbox = openInbox('lab', journal, spool);
    spool.broken = true;
    const results = await Promise.allSettled([inbox.put(message('m1', LARGE)), inbox.put(message('m2'))]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    spool.broken = false;
    expect(await inbox.put(message('m1'))).toMatchObject({ duplicate: false });
  });

  it('keeps refused frames in their place and reads no more than the limits', async () => {
    const inbox = openInbox('lab', journal, spool);
    await inbox.put(message('m1'));
    const { bytes: head, ...rest } = message('frame-1', 'noise');
    await inbox.refuse({ ...rest, head, size: 5, code: 'source.frame', detail: 'no start block' });
    await inbox.put(message('m2'));
    expect((await collect()).map(({ entry }) => entry.type)).toEqual(['item', 'refused', 'item']);
    expect(await collect(1, { ...limits, items: 1 })).toMatchObject([{ seq: 2, entry: { code: 'source.frame' } }]);
    expect(await collect(0, { ...limits, bytes: 1 })).toHaveLength(1);
  });
});
