/**
 * Records the histories that `replay.test.ts` holds later workflow code to: `node workflows/testing/record-histories.ts`.
 * Payloads are kept decrypted: they are ids and counts of made-up items. A recorded file is never changed afterwards.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { dataConverter } from '../codec.ts';
import { listFeed, observations, startHospital } from './hospital.ts';

const folder = join(import.meta.dirname, 'histories');
const hospital = await startHospital();
const bridge = await hospital.open('recording', [listFeed('obs', observations(10))]);
try {
  await bridge.startWorker();
  const stop = new AbortController();
  await bridge.runFeed('obs', { signal: stop.signal, onProgress: ({ read }) => read >= 4 && stop.abort() });
  await save('ingest-cancelled', 'ingest:obs');
  await bridge.runFeed('obs');
  await save('ingest-drained', 'ingest:obs');
  await bridge.waitAnchored({ timeoutMs: 60_000 });
  const { chainId, signer } = await bridge.chain();
  await save('anchor', `anchor:${chainId}:${signer}`);
} finally {
  await bridge.close();
  await hospital.stop();
}

async function save(name: string, workflowId: string): Promise<void> {
  const connection = await Connection.connect({ address: hospital.services.temporal.address });
  const converter = dataConverter(bridge.keystore.hospitalKey('dhc/payload/1'));
  const client = new Client({ connection, namespace: 'recording', dataConverter: converter });
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  await decryptAll(history, converter.payloadCodecs![0]!.decode);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.binpb`), proto.temporal.api.history.v1.History.encode(history).finish());
  await connection.close();
}

/** Every list of payloads, wherever it stands in the history; and without the name of the machine. */
async function decryptAll(value: unknown, decode: (payloads: never[]) => Promise<unknown[]>): Promise<void> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === 'payloads' && Array.isArray(child)) child.splice(0, child.length, ...(await decode(child as never[])));
    else if (key === 'identity') Object.assign(value, { identity: 'worker' });
    else await decryptAll(child, decode);
  }
}
