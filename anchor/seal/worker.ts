/** One sealing thread, see `pool.ts`. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { ErrorCode } from '../../core/codes.ts';
import { asBridgeError } from '../../core/errors.ts';
import { type NamedRecord, type RecordToSeal, sealNamed } from './named.ts';
import { ofTask, type SealTask, toAnswer, transferred } from './wire.ts';

parentPort!.on('message', (task: SealTask) => {
  const key = task.likenessKey && createSecretKey(task.likenessKey);
  const answer = toAnswer(
    task.id,
    ofTask(task).map((record) => seal(record, key)),
  );
  parentPort!.postMessage(answer, transferred(answer));
});

function seal(record: RecordToSeal, likenessKey: KeyObject | undefined): NamedRecord | ErrorCode {
  try {
    return sealNamed(record, likenessKey);
  } catch (error) {
    return asBridgeError(error, 'seal.failed', 'a record could not be sealed').code;
  }
}
