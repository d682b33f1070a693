/** A view as a source. The session stays open while a round is under way and is given back at its end. */
import type { Checkpoint, ReadLimits, RefusedItem, Source, SourceItem } from '../../../core/types.ts';
import { checkSql, discoverSql } from './check.ts';
import type { SqlConfig } from './config.ts';
import type { SqlCursor } from './cursor.ts';
import { loadDriver } from './load.ts';
import { RowRate } from './rate.ts';
import { readView } from './read.ts';
import { openView, type View } from './view.ts';

type Part = SourceItem | RefusedItem | Checkpoint<SqlCursor>;

/** @param open how a session is had; tests put themselves between */
export function sqlSource(
  config: SqlConfig,
  timezone: string,
  open: () => Promise<View> = async () => openView(await loadDriver(config.driver), config, timezone),
): Source<SqlCursor> {
  const rate = new RowRate(config.rowsPerSecond);
  let kept: View | null = null;

  async function* read(cursor: SqlCursor | null, limits: ReadLimits, signal: AbortSignal): AsyncGenerator<Part> {
    signal.throwIfAborted();
    const view = kept ?? (await open());
    kept = null;
    const stop = () => void view.close();
    signal.addEventListener('abort', stop, { once: true });
    let isUnderWay = false;
    try {
      for await (const part of readView(view, config, rate, cursor, limits, signal)) {
        isUnderWay = part.type === 'checkpoint' && part.cursor.walk !== null;
        yield part;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      if (isUnderWay && !signal.aborted && !kept) kept = view;
      else await view.close();
    }
  }

  return {
    check: (signal) => checkSql(config, timezone, signal),
    discover: (signal) => discoverSql(config, timezone, signal),
    read,
    async close() {
      const view = kept;
      kept = null;
      await view?.close();
    },
  };
}
