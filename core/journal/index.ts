/** The journal on SQLite: one file, for one machine. */
import { anchorTable } from './anchor-table.ts';
import { copyTable } from './copy-table.ts';
import { erasureTable } from './erasure-table.ts';
import { inboxTable } from './inbox-table.ts';
import { deadLetters } from './letters.ts';
import { likenessTable } from './likeness-table.ts';
import { queries } from './queries.ts';
import { readSteps } from './read-steps.ts';
import { type JournalSecrets, Store } from './store.ts';
import { streetSteps } from './street-steps.ts';
import type { Journal } from './types.ts';

export { type FeedInbox, openInbox } from './inbox.ts';
export type { JournalSecrets } from './store.ts';
export type * from './types.ts';

/**
 * @param path of the SQLite file, made where it is missing; several processes may have it open
 * @throws BridgeError `config.invalid` when a newer program wrote the file
 */
export function openJournal(path: string, secrets: JournalSecrets): Journal {
  const store = new Store(path, secrets);
  return {
    ...readSteps(store),
    ...streetSteps(store),
    ...queries(store),
    ...deadLetters(store),
    ...inboxTable(store),
    ...anchorTable(store),
    ...copyTable(store),
    ...likenessTable(store),
    ...erasureTable(store),
    close: () => store.close(),
  };
}
