/** `node memory-child.ts KIND CONFIG LIMITS`: reads the source to its end and prints a `ChildReport`. */
import type { Connector, ReadLimits, SourceKind } from '../../core/types.ts';
import { connectors } from '../index.ts';
import { testContext } from './context.ts';
import type { ChildReport } from './memory.ts';

const [kind, config, limits] = process.argv.slice(2) as [SourceKind, string, string];
const connector = (connectors as unknown as Record<SourceKind, Connector>)[kind];
const source = connector.open(connector.config.parse(JSON.parse(config)), testContext());
const before = process.resourceUsage().maxRSS;
const keys: string[] = [];
let refused = 0;
let cursor: unknown = null;
for (let found = -1; found !== 0; ) {
  found = 0;
  for await (const part of source.read(cursor, JSON.parse(limits) as ReadLimits, new AbortController().signal)) {
    if (part.type === 'checkpoint') cursor = part.cursor;
    else {
      found++;
      if (part.type === 'item') keys.push(part.sourceKey);
      else refused++;
    }
  }
}
await source.close();
const report: ChildReport = { keys, refused, grown: (process.resourceUsage().maxRSS - before) * 1024 };
process.stdout.write(JSON.stringify(report));
