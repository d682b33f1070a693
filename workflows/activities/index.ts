/** The activities under the names that workflows call. */
import { cancellationSignal } from '@temporalio/activity';
import type { AnchorActivities, IngestActivities } from '../flows/contract.ts';
import { anchorStored } from './anchor.ts';
import type { StepDeps } from './deps.ts';
import { normalizeBatch } from './normalize.ts';
import { readBatch } from './read.ts';
import { sealBatch } from './seal.ts';
import { storeBatch } from './store.ts';

export type { StepDeps } from './deps.ts';

export function ingestActivities(deps: StepDeps): IngestActivities {
  const { journal, sources } = deps;
  return {
    beginRun: ({ feed, run }) => journal.beginRun(feed, sources.get(feed).kind, run),
    endRun: ({ run, state }) => journal.endRun(run, state),
    async openBatches({ feed }) {
      const batches = await journal.batches({ feed, states: ['read', 'normalized', 'sealed'] });
      return batches.map((batch) => batch.id);
    },
    position: async ({ feed }) => (await journal.position(feed)).seq,
    readBatch: (input) => timed(deps, 'read', () => readBatch(deps, input, cancellationSignal())),
    normalizeBatch: ({ batch }) => timed(deps, 'normalize', () => normalizeBatch(deps, batch, cancellationSignal())),
    sealBatch: ({ batch }) => timed(deps, 'seal', () => sealBatch(deps, batch, cancellationSignal())),
    storeBatch: ({ batch }) => timed(deps, 'store', () => storeBatch(deps, batch, cancellationSignal())),
  };
}

export function anchorActivities(deps: StepDeps): AnchorActivities {
  return { anchorStored: () => anchorStored(deps, cancellationSignal()) };
}

async function timed<T>(deps: StepDeps, stage: 'read' | 'normalize' | 'seal' | 'store', step: () => Promise<T>) {
  const begin = performance.now();
  const result = await step();
  deps.metrics.seconds(stage, (performance.now() - begin) / 1000);
  return result;
}
