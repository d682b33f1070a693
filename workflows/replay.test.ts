import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { workflowBundle } from './bundle.ts';

const folder = join(import.meta.dirname, 'testing', 'histories');
const files = readdirSync(folder);
const bundle = workflowBundle(join(tmpdir(), 'dhc-replay'));

function recorded(file: string) {
  return proto.temporal.api.history.v1.History.decode(readFileSync(join(folder, file)));
}

async function replay(history: unknown): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath: await bundle }, replayName: 'recorded' }, history);
}

it.each(files)('replays %s with the workflow code of today', async (file) => {
  await replay(recorded(file));
});

it('notices code that decides otherwise', async () => {
  const history = recorded('ingest-drained.binpb');
  for (const event of history.events) {
    const type = event.activityTaskScheduledEventAttributes?.activityType;
    if (type?.name === 'normalizeBatch') type.name = 'sealBatch';
  }
  await expect(replay(history)).rejects.toThrow();
});
