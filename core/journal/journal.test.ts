import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Receipt } from '../types.ts';
import { type Accepted, type Journal, type NewItem, openJournal, type SealedItem } from './index.ts';

const secrets = { digestKey: new Uint8Array(32).fill(1), columnKey: new Uint8Array(32).fill(2) };
const at = '2026-01-02T03:04:05.000Z';
let folder: string;
let journal: Journal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dhc-journal-'));
  journal = openJournal(join(folder, 'journal.db'), secrets);
});

afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true });
});

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function item(key: string, content = key): NewItem {
  const contentDigest = sha(content);
  return {
    id: sha(`${key}|${content}`).slice(0, 32),
    sourceKey: key,
    kind: 'hl7v2',
    contentDigest,
    size: content.length,
    receivedAt: at,
    spool: `spool-${contentDigest.slice(0, 8)}`,
  };
}

function accepted(id: string, patientRef = 'p1'): Accepted {
  return {
    item: id,
    status: 'ok',
    bundle: `bundle-${id}`,
    patientRef,
    mapping: { name: 'v2-to-fhir', version: '1', sha256: 'aa' },
    quality: 0.5,
    issues: 0,
    coverage: { seen: 10, mapped: 8, left: { 'PID-9': 2 }, unmappedCodes: { 'local|X': 1 } },
  };
}

function sealed(id: string): SealedItem {
  return { item: id, contentCid: `c-${id}`, capsuleCid: `k-${id}`, size: 10, commitment: sha(id), tag: id };
}

let runs = 0;
async function begin() {
  const run = `run-${++runs}`;
  await journal.beginRun('lab', 'hl7v2', run);
  return run;
}

async function read(seq: number, items: NewItem[], run = '') {
  return journal.addRead({
    feed: 'lab',
    run: run || (await begin()),
    seq,
    cursor: { seq },
    items,
    refused: [],
    duplicates: 0,
    drained: false,
  });
}

describe('reading', () => {
  it('gives the committed batch back when the same read is written again', async () => {
    const first = await read(1, [item('a'), item('b')]);
    const again = await read(1, [item('a'), item('b'), item('c')]);
    expect(again).toEqual(first);
    expect((await journal.accounting())[0]).toMatchObject({ read: 2, pending: 2, duplicates: 0, holds: true });
    expect(await journal.position('lab')).toEqual({ seq: 1, cursor: { seq: 1 } });
  });

  it('counts what it met before apart and links a new version to the old one', async () => {
    await read(1, [item('a', 'one')]);
    const batch = await read(2, [item('a', 'one'), item('a', 'two')]);
    expect(batch).toMatchObject({ items: 1, duplicates: 1 });
    const [newest] = await journal.items({ sourceKey: 'a' });
    expect(newest).toMatchObject({ version: 2, supersedes: item('a', 'one').id });
    expect(await journal.known('lab', [item('a', 'two'), item('a', 'three')])).toEqual([true, false]);
  });

  it('makes a refused item a dead letter at once', async () => {
    const run = await begin();
    const { spool: _spool, ...refused } = item('huge');
    await journal.addRead({
      feed: 'lab',
      run,
      seq: 1,
      cursor: 1,
      items: [],
      refused: [{ ...refused, code: 'source.too-large', head: 'head-1' }],
      duplicates: 0,
      drained: true,
    });
    expect((await journal.batch('lab-1')).state).toBe('empty');
    expect(await journal.deadLetters()).toMatchObject([
      { code: 'source.too-large', stage: 'read', state: 'open', spooled: false, head: 'head-1' },
    ]);
    expect((await journal.accounting())[0]).toMatchObject({ read: 1, deadLettered: 1, holds: true });
  });

  it('closes the run of a killed process when the next one begins', async () => {
    const first = await begin();
    const second = await begin();
    const states = Object.fromEntries((await journal.runs()).map((run) => [run.id, run.state]));
    expect(states).toEqual({ [first]: 'interrupted', [second]: 'running' });
  });
});

describe('the street', () => {
  const [a, b] = [item('a'), item('b')] as const;

  it('moves each leg by itself and takes every step once', async () => {
    await read(1, [a, b]);
    const refusal = { item: b.id, status: 'rejected', code: 'item.no-patient', outcome: 'o-1' } as const;
    for (let time = 0; time < 2; time++) {
      expect((await journal.addNormalized('lab-1', [accepted(a.id), refusal])).state).toBe('normalized');
    }
    const batch = { manifestCid: 'm', root: '0x1', carPath: 'x.car', records: [sealed(a.id)], refused: [] };
    for (let time = 0; time < 2; time++) {
      expect(await journal.addSealed('lab-1', batch)).toMatchObject({ state: 'sealed', count: 1 });
    }
    expect((await journal.addStored('lab-1')).state).toBe('stored');
    expect(await journal.item(a.id)).toMatchObject({ normalize: 'ok', store: 'pinned', anchor: 'pending' });
    const receipt = { format: 1, status: 'final' } as Receipt;
    await journal.addReceipts('lab-1', [{ item: a.id, receipt }], 'final');
    expect(await journal.receipt(a.id)).toEqual(receipt);
    expect((await journal.accounting())[0]).toMatchObject({ read: 2, normalized: 1, deadLettered: 1, final: 1 });
    expect(await journal.release('lab-1', false)).toEqual([a.spool, `bundle-${a.id}`]);
    expect(await journal.release('lab-1', true)).toHaveLength(2);
    expect((await journal.item(a.id))?.bundle).toBeNull();
    expect((await journal.item(b.id))?.spool).toBe(b.spool);
    expect(await journal.coverage()).toMatchObject([{ items: 1, seen: 10, left: [{ place: 'PID-9', count: 2 }] }]);
    expect(await journal.record(a.id)).toMatchObject({ leafIndex: 0, mapping: { name: 'v2-to-fhir' }, quality: 0.5 });
  });

  it('takes receipts back when the chain loses the block', async () => {
    await read(1, [a]);
    await journal.addNormalized('lab-1', [accepted(a.id)]);
    await journal.addSealed('lab-1', {
      manifestCid: 'm',
      root: 'r',
      carPath: 'x',
      records: [sealed(a.id)],
      refused: [],
    });
    await journal.addStored('lab-1');
    await journal.addReceipts('lab-1', [{ item: a.id, receipt: { format: 1 } as Receipt }], 'included');
    expect((await journal.addReorg('lab-1')).state).toBe('stored');
    expect(await journal.receipt(a.id)).toBeUndefined();
    expect((await journal.item(a.id))?.anchor).toBe('reorged');
  });

  it('gives each record of a patient its own counter, and a retried item the same one again', async () => {
    await read(1, [a, b]);
    await journal.addNormalized('lab-1', [accepted(a.id), accepted(b.id)]);
    expect((await journal.batchItems('lab-1')).map((row) => row.tagCounter)).toEqual([0, 1]);
    await journal.addSealed('lab-1', {
      manifestCid: 'm',
      root: 'r',
      carPath: 'x',
      records: [sealed(a.id)],
      refused: [{ item: b.id, status: 'rejected', code: 'seal.failed' }],
    });
    const [letter] = await journal.deadLetters();
    const [retry] = await journal.retry([letter!.id]);
    expect(retry).toMatchObject({ state: 'read', items: 1 });
    await journal.addNormalized(retry!.id, [accepted(b.id)]);
    expect(await journal.item(b.id)).toMatchObject({ tagCounter: 1, attempts: 2, dead: false });
  });
});

describe('dead letters', () => {
  const [a] = [item('a')] as const;
  const refusal = { item: a.id, status: 'rejected', code: 'item.format' } as const;

  it('links each attempt to the one before and resolves it when the record is sealed', async () => {
    await read(1, [a]);
    await journal.addNormalized('lab-1', [refusal]);
    const [first] = await journal.deadLetters();
    const [retry] = await journal.retry([first!.id]);
    expect(await journal.retry([first!.id])).toEqual([]);
    await journal.addNormalized(retry!.id, [refusal]);
    const [second] = await journal.deadLetters({ state: 'open' });
    expect(second).toMatchObject({ attempt: 2, previous: first!.id });
    const [again] = await journal.retry([second!.id]);
    await journal.addNormalized(again!.id, [accepted(a.id)]);
    await journal.addSealed(again!.id, {
      manifestCid: 'm',
      root: 'r',
      carPath: 'x',
      records: [sealed(a.id)],
      refused: [],
    });
    expect((await journal.deadLetters()).map((row) => row.state)).toEqual(['resolved', 'resolved']);
    expect((await journal.accounting())[0]).toMatchObject({ read: 1, normalized: 1, deadLettered: 0, holds: true });
  });

  it('leaves a discarded item dead-lettered', async () => {
    await read(1, [a]);
    await journal.addNormalized('lab-1', [refusal]);
    expect(await journal.discard([1, 1, 99])).toBe(1);
    expect((await journal.accounting())[0]).toMatchObject({ deadLettered: 1, holds: true });
  });
});

describe('the sum', () => {
  it('holds after every step of any course of steps', async () => {
    const command = fc.record({
      kind: fc.constantFrom('read', 'good', 'bad', 'seal', 'retry', 'discard'),
      pick: fc.nat({ max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        journal.close();
        rmSync(join(folder, 'journal.db'), { force: true });
        journal = openJournal(':memory:', secrets);
        const run = await begin();
        let seq = 0;
        for (const { kind, pick } of commands) {
          if (kind === 'read') await read(++seq, [item(`k${pick}`), item(`k${pick + 1}`, `v${pick}`)], run);
          const [open] = await journal.batches({ states: ['read'] });
          if (kind === 'good' || kind === 'bad') {
            const items = open ? await journal.batchItems(open.id) : [];
            const [some] = items.filter((row) => row.normalize === 'pending').slice(pick % 2);
            const refusal = { item: some?.id ?? '', status: 'rejected', code: 'item.format' } as const;
            if (some) await journal.addNormalized(open!.id, [kind === 'good' ? accepted(some.id) : refusal]);
          }
          const [ready] = await journal.batches({ states: ['normalized'] });
          if (kind === 'seal' && ready) {
            const items = (await journal.batchItems(ready.id)).filter((row) => !row.dead);
            const records = items.map((row) => sealed(row.id));
            await journal.addSealed(ready.id, { manifestCid: 'm', root: 'r', carPath: 'x', records, refused: [] });
          }
          if (kind === 'retry') await journal.retry([pick]);
          if (kind === 'discard') await journal.discard([pick]);
          for (const sums of await journal.accounting()) expect(sums.holds).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('keeps no source key and no cursor in clear', async () => {
  const canary = 'ZHANG-WEI-CG100001';
  const run = await begin();
  await journal.addRead({
    feed: 'lab',
    run,
    seq: 1,
    cursor: { after: canary },
    items: [item(canary)],
    refused: [],
    duplicates: 0,
    drained: true,
  });
  await journal.inboxPut([{ ...item(canary), feed: 'lab', body: Buffer.from(canary) }]);
  expect(await journal.sourceKey(item(canary).id)).toBe(canary);
  expect(await journal.position('lab')).toMatchObject({ cursor: { after: canary } });
  for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file)).includes(canary)).toBe(false);
});

it('refuses a journal that a newer program wrote', async () => {
  journal.close();
  const path = join(folder, 'journal.db');
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 999');
  db.close();
  expect(() => openJournal(path, secrets)).toThrow(/newer version/);
  journal = openJournal(':memory:', secrets);
});
