/** A source of the config, opened for one command; no inbox, so nothing is accepted or moved. */
import { connectors } from '../connectors/index.ts';
import { createLog } from '../core/log.ts';
import type { Source, SourceKind } from '../core/types.ts';
import { type Context, feedOf } from './context.ts';

/** To be closed by the caller. @param level from which its log lines are shown */
export async function openSource(context: Context, name: string, level: 'warn' | 'error'): Promise<Source> {
  const config = await context.config();
  const { enabled: _enabled, schedule: _schedule, map: _map, ...feed } = feedOf(config, name);
  const connector = connectors[feed.kind as SourceKind];
  const log = createLog({ level });
  return connector.open(feed as never, { feed: name, timezone: config.hospital.timezone, log }) as Source;
}

export async function withSource<T>(context: Context, name: string, use: (source: Source) => Promise<T>): Promise<T> {
  const source = await openSource(context, name, 'error');
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}
