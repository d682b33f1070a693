/** The second step: spooled bytes to canonical bundles in the spool, or dead letters. */
import { setImmediate as turn } from 'node:timers/promises';
import { headerBytes } from '../../core/dicom/part.ts';
import { BridgeError } from '../../core/errors.ts';
import { failpoint } from '../../core/failpoint.ts';
import type { ItemRow, NormalizeResult } from '../../core/journal/index.ts';
import { canonicalBytes } from '../../core/json.ts';
import { patientRef } from '../../core/keystore/keystore.ts';
import type { PartHeader } from '../../normalizer/index.ts';
import type { StepDeps } from './deps.ts';
import { settle } from './settle.ts';

/** Items that share one write of spool and journal; what is done stays done when the step is repeated. */
const GROUP = 64;

export async function normalizeBatch(
  deps: StepDeps,
  batch: string,
  signal: AbortSignal,
): Promise<{ normalized: number; deadLettered: number }> {
  const { journal, metrics } = deps;
  const waiting = (await journal.batchItems(batch)).filter((item) => item.normalize === 'pending' && !item.dead);
  for (let start = 0; start < waiting.length; start += GROUP) {
    signal.throwIfAborted();
    await normalizeGroup(deps, batch, waiting.slice(start, start + GROUP));
  }
  const { state } = await journal.batch(batch);
  const items = await journal.batchItems(batch);
  const now = new Map(items.map((item) => [item.id, item]));
  const dead = waiting.filter((item) => now.get(item.id)?.dead);
  for (const outcome of ['ok', 'issues'] as const) {
    const count = waiting.filter((item) => now.get(item.id)?.normalize === outcome).length;
    metrics.records((await journal.batch(batch)).feed, 'normalize', outcome, count);
  }
  await settle(deps, dead, 'dead-letter');
  return { normalized: state === 'empty' ? 0 : items.filter((item) => !item.dead).length, deadLettered: dead.length };
}

async function normalizeGroup(deps: StepDeps, batch: string, items: readonly ItemRow[]): Promise<void> {
  const done: { result: NormalizeResult; id: string; bytes: Uint8Array }[] = [];
  for (const item of items) {
    done.push(await normalizeItem(deps, item));
    // Listeners share this thread: they get their turn between two items.
    await turn();
  }
  await deps.spool.putMany(done);
  failpoint('normalize.spooled');
  await deps.journal.addNormalized(
    batch,
    done.map((entry) => entry.result),
  );
  failpoint('normalize.journaled');
}

async function normalizeItem(deps: StepDeps, item: ItemRow) {
  const bytes = item.spool === null ? null : await deps.spool.get(item.spool);
  if (!bytes) throw new BridgeError('spool.missing', 'the bytes of an item are gone');
  const headers = item.parts.length > 0 ? { headers: await partHeaders(deps, item) } : {};
  const map = deps.sources.mapOf(item.feed);
  const made = deps.normalize(
    { kind: item.kind, sourceKey: await deps.journal.sourceKey(item.id), bytes, ...headers },
    {
      hospital: deps.hospital,
      feed: item.feed,
      receivedAt: item.receivedAt,
      ...(item.charset === null ? {} : { charset: item.charset }),
      ...(deps.assigners ? { assigners: deps.assigners } : {}),
      ...(map ? { map } : {}),
    },
  );
  if (made.status === 'rejected') {
    const id = `${item.id}.${item.attempts}.outcome`;
    const { code, coverage } = made;
    const result = { item: item.id, status: 'rejected', code, outcome: id, ...(coverage ? { coverage } : {}) } as const;
    return { result, id, bytes: canonicalBytes(made.outcome) };
  }
  const id = `${item.id}.${item.attempts}.bundle`;
  const { status, mapping, quality, issues, coverage } = made;
  const result = {
    item: item.id,
    status,
    bundle: id,
    patientRef: patientRef(deps.keystore, made.patient),
    mapping,
    quality,
    issues: issues.length,
    coverage,
  };
  return { result, id, bytes: made.bytes };
}

async function partHeaders(deps: StepDeps, item: ItemRow): Promise<PartHeader[]> {
  const headers: PartHeader[] = [];
  for (const { key, spool, size, sha256 } of item.parts) {
    headers.push({ key, size, sha256, bytes: await headerBytes(deps.spool.open(spool)) });
  }
  return headers;
}
