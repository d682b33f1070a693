/** One sealing thread, see `pool.ts`. */
import { parentPort } from 'node:worker_threads';
import { asBridgeError } from '../../core/errors.ts';
import type { SealAnswer, SealTask } from './pool.ts';
import { type RecordInput, sealRecord } from './record.ts';

parentPort!.on('message', ({ id, records }: SealTask) => {
  parentPort!.postMessage({ id, sealed: records.map(seal) } satisfies SealAnswer);
});

function seal(record: RecordInput): SealAnswer['sealed'][number] {
  try {
    return sealRecord(record);
  } catch (error) {
    return { code: asBridgeError(error, 'seal.failed', 'a record could not be sealed').code };
  }
}
