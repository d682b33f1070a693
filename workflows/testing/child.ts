/** A bridge in a process of its own, to be killed: reads one feed and waits until all of it is final. */
import type { Services } from '../../services/index.ts';
import { openBridge } from '../bridge.ts';
import { bridgeOptions, listFeed, observations } from './hospital.ts';
import type { ListEntry } from './list-connector.ts';

export interface ChildPlace {
  readonly folder: string;
  readonly name: string;
  readonly logFile: string;
  readonly signer: string;
  readonly services: Pick<Services, 'temporal' | 'kubo' | 'chain'>;
}

/** Nine good items, one of them twice, one broken and one too large: three batches. */
export function childItems(): ListEntry[] {
  const good = observations(9);
  const broken = { key: 'Observation/broken', body: '{"resourceType": "Observation"' };
  return [...good.slice(0, 5), broken, good[2]!, ...good.slice(5), { ...observations(1, 50)[0]!, size: 1 << 20 }];
}

if (process.argv[2]) {
  const place = JSON.parse(process.argv[2]) as ChildPlace;
  const bridge = await openBridge(bridgeOptions({ ...place, feeds: [listFeed('obs', childItems())] }));
  await bridge.startWorker();
  const { phase } = await bridge.runFeed('obs');
  const anchored = await bridge.waitAnchored({ timeoutMs: 120_000 });
  await bridge.close();
  process.exit(phase === 'done' && anchored ? 0 : 1);
}
