/** `node listener-child.ts FOLDER`: an MLLP listener on the real journal and spool; prints its port. To be killed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openInbox, openJournal } from '../../core/journal/index.ts';
import { createKeystore, openKeystore } from '../../core/keystore/keystore.ts';
import { openSpool } from '../../core/spool/spool.ts';
import { hl7v2 } from '../hl7v2/connector.ts';
import { testContext } from './context.ts';

const [folder] = process.argv.slice(2) as [string];
const inbox = await openTestInbox(folder);
const config = hl7v2.config.parse({ kind: 'hl7v2', mllp: { port: 0 } });
const listener = await hl7v2.open(config, testContext(inbox)).listen!();
process.stdout.write(`${listener.address.split(':').at(-1)}\n`);

async function openTestInbox(path: string) {
  const secrets = { digestKey: new Uint8Array(32).fill(1), columnKey: new Uint8Array(32).fill(2) };
  const keystore = join(path, 'keystore.json');
  const keys = await (existsSync(keystore) ? openKeystore : createKeystore)(keystore, 'test');
  return openInbox('test', openJournal(join(path, 'journal.db'), secrets), await openSpool(join(path, 'spool'), keys));
}
