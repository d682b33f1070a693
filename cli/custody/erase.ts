/**
 * Destroys a patient's keys, and shows that they are gone: an attempt to open each record fails by name. The proof of each is
 * kept in the journal. May be repeated.
 */
import { VerifyCache } from '../../anchor/verify/cache.ts';
import { verifyReceipt } from '../../anchor/verify/verify.ts';
import { type CustodyContext, dropCapsules } from './change.ts';
import { recordsOf } from './records.ts';

export interface Erased {
  readonly ref: string;
  readonly records: number;
  /** Records whose key packet and content were tried with the keys that the keystore gives now, and stayed closed. */
  readonly closed: number;
  /** Records whose anchor and receipt still hold. */
  readonly anchored: number;
  /** Items that were read and are not anchored yet: their bundles still lie in the spool. */
  readonly pending: number;
}

const MUST_FAIL = ['key packet', 'decryption'];
const MUST_HOLD = ['receipt', 'event', 'proof'];

export async function eraseKeys(context: CustodyContext, ref: string): Promise<Erased> {
  const { bridge, signal } = context;
  const { capsules } = bridge.keystore.custody(ref);
  const records = await recordsOf(bridge, ref);
  // Written first: what is found without keys and without this was lost, not erased.
  await bridge.journal.beginErasure(
    ref,
    records.map(({ item }) => item),
  );
  bridge.keystore.destroyPatient(ref);
  await bridge.journal.forgetSignatures(ref);
  if (capsules) await dropCapsules(context, capsules);
  const { rpc, chainId, contract } = await bridge.chain();
  const cache = new VerifyCache();
  // Whatever the keystore would give for this patient from now on.
  const key = bridge.keystore.patientKeys(ref);
  let [closed, anchored] = [0, 0];
  for (const { item } of records) {
    const receipt = await bridge.journal.receipt(item);
    if (!receipt) continue;
    const { checks } = await verifyReceipt(
      receipt,
      { rpc, kubo: bridge.kubo, key, cache, trusted: { chainId, contract } },
      signal,
    );
    const has = (names: readonly string[], status: string) =>
      names.every((name) => checks.some((check) => check.name === name && check.status === status));
    const proof = { closed: has(MUST_FAIL, 'fail'), anchored: has(MUST_HOLD, 'pass') };
    await bridge.journal.proveErasure(item, proof);
    if (proof.closed) closed++;
    if (proof.anchored) anchored++;
    context.onProgress?.(closed, records.length);
  }
  bridge.keystore.destroyPatient(ref);
  const pending = (await bridge.journal.items({ patientRef: ref, limit: 100_000 })).filter(
    (item) => item.anchor !== 'final',
  ).length;
  return { ref, records: records.length, closed, anchored, pending };
}
