/** The second half of `node setup.mjs --services`: every real part is there, or it is built now. */
import { BridgeError } from '../core/errors.ts';
import { findOrBuild } from './find.ts';
import type { Part } from './parts.ts';
import { reportSteps } from './progress.ts';

const parts: readonly Part[] = ['anvil', 'kubo', 'temporal'];
const onProgress = reportSteps(process.stderr);

for (const part of parts) {
  try {
    await findOrBuild(part, onProgress);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`);
    process.exitCode = 1;
  }
}
