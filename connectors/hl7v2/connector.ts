import type { Connector, ConnectorContext, Source } from '../../core/types.ts';
import type { FolderCursor } from '../shared/folder-cursor.ts';
import { folderSource } from '../shared/folder-source.ts';
import { check } from './check.ts';
import { type Hl7v2Config, hl7v2Config, type MllpConfig } from './config.ts';
import { listen } from './listen.ts';
import { type InboxCursor, readInbox } from './read.ts';
import { messageSplitter } from './split.ts';

export const hl7v2 = {
  kind: 'hl7v2',
  summary: 'HL7 v2 messages, from files in a folder or pushed over MLLP',
  config: hl7v2Config,
  capabilities: { push: true, incremental: true, parts: false },
  open: ({ folder, mllp, charset }, context): Source<Hl7v2Cursor> =>
    folder
      ? (folderSource({ kind: 'hl7v2', folder, charset, split: messageSplitter(charset) }) as Source<Hl7v2Cursor>)
      : pushed(mllp!, charset, context),
} satisfies Connector<Hl7v2Config, Hl7v2Cursor>;

type Hl7v2Cursor = FolderCursor | InboxCursor;

function pushed(mllp: MllpConfig, charset: string | undefined, context: ConnectorContext): Source<Hl7v2Cursor> {
  return {
    check: () => check(mllp),
    read: (cursor, limits, signal) => readInbox(context.inbox, cursor as InboxCursor | null, limits, signal),
    listen: () => listen(mllp, charset, context),
    close: async () => {},
  };
}
