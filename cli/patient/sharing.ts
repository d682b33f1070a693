/** `dhc patient`: offering records, granting, taking back, and who read. */
import { extname } from 'node:path';
import type { Command } from 'commander';
import { ChainRpc } from '../../anchor/chain/rpc.ts';
import { type ConsentEvent, consentEvents } from '../../anchor/consent/events.ts';
import { readRequest } from '../../anchor/share/formats.ts';
import { makeGrants, makeOffer, type OfferedRecord, type OpenOffer } from '../../anchor/share/patient.ts';
import { allKeys, type KeyFile, OwnSubjects, signConsent, subjectKey, typedRevoke } from '../../client/index.ts';
import { BridgeError } from '../../core/errors.ts';
import { action } from '../context.ts';
import { exit, table } from '../output.ts';
import {
  chosen,
  loadKeyFile,
  type OwnRecord,
  ownRecords,
  personOf,
  personOptions,
  readText,
  rpcOf,
  saveKeyFile,
  writeJson,
} from './person.ts';

/** What a patient keeps between an offer and the grant. */
interface OfferFile {
  readonly open: OpenOffer;
  readonly records: readonly OfferedRecord[];
}

const CONSENT = "the Consent contract; default: that of the hospital's answer to your claim";

export function registerSharing(patient: Command): void {
  personOptions(patient.command('offer').argument('<number...>', 'numbers of records of one hospital'))
    .option('--consent <address>', CONSENT)
    .requiredOption('--out <file>', 'the offer, for who wants to read')
    .requiredOption('--private <file>', 'what you keep until you grant')
    .description('prepare to share: an address for this consent and a commitment to the records')
    .action(
      action(async ({ out, signal }, numbers, options) => {
        const person = personOf(options);
        const records = chosen(await ownRecords(person, signal), numbers);
        if (new Set(records.map(({ receipt }) => receipt.hospital)).size !== 1)
          throw new BridgeError('cli.usage', 'the records of an offer are those of one hospital');
        const consent = consentOf(person.file, records[0]!.receipt, options);
        const subjects = new OwnSubjects(person.secret, person.file.nextSubject);
        for await (const event of consentEvents(new ChainRpc(person.rpc), consent, { kinds: ['requested'] }, signal))
          if (event.kind === 'requested') subjects.counterOf(event.terms.subject);
        const counter = subjects.next;
        const offered = records.map(offeredRecord);
        const open = makeOffer(person.secret, counter, offered);
        saveKeyFile(String(options.keys), { ...person.file, nextSubject: counter + 1 });
        writeJson(String(options.private), { open, records: offered } satisfies OfferFile);
        writeJson(String(options.out), open.offer);
        out.result({ offer: open.offer }, `the offer is ${options.out}; keep ${options.private}`);
        return exit.ok;
      }),
    );

  personOptions(patient.command('grant').argument('<request>', 'the request file of who wants to read'))
    .option('--consent <address>', CONSENT)
    .requiredOption('--private <file>', 'what you kept of the offer')
    .requiredOption('--out <file>', 'the grant, for the hospital that holds the records; with --proxies a file each')
    .option('--proxies <t-of-n>', 'so many proxies of so many have to work together, e.g. 2-of-3', '1-of-1')
    .description('agree: sign the consent and prepare the records for the reader alone')
    .action(
      action(async ({ out, signal }, [path], options) => {
        const person = personOf(options);
        const { open, records } = JSON.parse(readText(String(options.private), 'offer')) as OfferFile;
        const request = readRequest(readText(path!, 'request'));
        const { terms } = request;
        if (
          terms.scope !== open.offer.scope ||
          terms.subject !== open.offer.subject ||
          terms.holder !== open.offer.holder
        )
          throw new BridgeError('cli.usage', 'the request asks for something else than was offered');
        const kubo = { blockGet: (cid: string, stop?: AbortSignal) => person.store.block(cid, stop) };
        const [{ receipt }] = records as [OfferedRecord];
        const domain = { chainId: receipt.chainId, contract: consentOf(person.file, receipt, options) };
        const keys = allKeys(person.file);
        const proxies = proxiesOf(options.proxies);
        const input = { secret: person.secret, keys, open, request, records, domain, proxies };
        const grants = await makeGrants(input, kubo, signal);
        const files = grantFiles(String(options.out), grants.length);
        for (const [index, grant] of grants.entries()) writeJson(files[index]!, grant);
        const until = new Date(terms.until * 1000).toISOString();
        const whom = grants.length === 1 ? 'for the hospital' : `for ${grants.length} proxies, one each`;
        out.result(
          { terms, files },
          `granted to ${terms.requester} until ${until}: ${records.length} records\n${whom}: ${files.join(', ')}`,
        );
        return exit.ok;
      }),
    );

  patient
    .command('revoke')
    .argument('<request>', 'the request file that you granted')
    .requiredOption('--keys <file>', 'your key file')
    .requiredOption('--private <file>', 'what you kept of the offer')
    .option('--consent <address>', CONSENT)
    .option('--chain-id <id>', 'the chain; default: that of the records')
    .requiredOption('--out <file>', 'the revocation: anyone may bring it (`dhc share submit`)')
    .description('take a consent back; what was delivered before is not undone')
    .action(
      action(async ({ out }, [path], options) => {
        const { open, records } = JSON.parse(readText(String(options.private), 'offer')) as OfferFile;
        const { terms } = readRequest(readText(path!, 'request'));
        const file = loadKeyFile(String(options.keys));
        const secret = Buffer.from(file.secrets[0]!, 'hex');
        const [{ receipt }] = records as [OfferedRecord];
        const chainId = String(options.chainId ?? receipt.chainId);
        const data = typedRevoke({ chainId, contract: consentOf(file, receipt, options) }, terms);
        const signature = signConsent(subjectKey(secret, open.counter), data);
        writeJson(String(options.out), { format: 'dhc-share-revoke/1', terms, signature });
        out.result({ terms }, `the revocation is ${options.out}`);
        return exit.ok;
      }),
    );

  patient
    .command('readers')
    .requiredOption('--keys <file>', 'your key file')
    .option('--network <file>', "the network's addresses in one file")
    .option('--rpc <url>', 'JSON-RPC of any node of the chain')
    .option('--consent <address>', CONSENT)
    .description('who asked, was granted and was given your records, from the chain')
    .action(
      action(async ({ out, signal }, _arguments, options) => {
        const file = loadKeyFile(String(options.keys));
        const secret = Buffer.from(file.secrets[0]!, 'hex');
        const rpc = new ChainRpc(rpcOf(options));
        const rows: Row[] = [];
        for (const consent of knownConsents(file, options)) {
          const subjects = new OwnSubjects(secret, file.nextSubject);
          const readers = new Map<string, string>();
          for await (const event of consentEvents(rpc, consent, {}, signal)) {
            if (event.kind === 'requested' && subjects.counterOf(event.terms.subject) !== undefined)
              readers.set(event.id, event.terms.requester);
            const reader = readers.get(event.id);
            if (reader) rows.push(rowOf(event, reader));
          }
        }
        const shown = rows.map((row) => Object.values(row));
        out.result({ events: rows }, table(['what', 'reader', 'records', 'block', 'consent'], shown));
        return exit.ok;
      }),
    );
}

function offeredRecord({ receipt, open }: OwnRecord): OfferedRecord {
  const capsuleCid = open.capsules?.get(receipt.record.contentCid);
  return { receipt, ...(capsuleCid && { capsuleCid }) };
}

interface Row {
  readonly what: ConsentEvent['kind'];
  readonly reader: string;
  readonly records: number;
  readonly block: number;
  readonly consent: string;
}

function rowOf(event: ConsentEvent, reader: string): Row {
  const records = event.kind === 'delivered' ? event.records : 0;
  return { what: event.kind, reader, records, block: event.block.number, consent: event.id };
}

/** @throws BridgeError `cli.usage` where the hospital of the record has not said which contract it is */
function consentOf(file: KeyFile, { contract }: OfferedRecord['receipt'], options: Record<string, unknown>): string {
  const known = file.hospitals.find((one) => one.contract === contract && one.consent)?.consent;
  const consent = options.consent ?? known;
  if (!consent) throw noConsent();
  return String(consent);
}

function knownConsents(file: KeyFile, options: Record<string, unknown>): Set<string> {
  const known = new Set(file.hospitals.flatMap(({ consent }) => consent ?? []));
  if (options.consent) return new Set([String(options.consent)]);
  if (known.size === 0) throw noConsent();
  return known;
}

function noConsent(): BridgeError {
  return new BridgeError('cli.usage', 'no Consent contract is known', { hint: 'name it with --consent' });
}

/** @throws BridgeError `cli.usage` */
function proxiesOf(option: unknown): { threshold: number; shares: number } {
  const [, t, n] = /^(\d{1,2})-of-(\d{1,2})$/.exec(String(option)) ?? [];
  const [threshold, shares] = [Number(t), Number(n)];
  if (threshold >= 1 && threshold <= shares) return { threshold, shares };
  throw new BridgeError('cli.usage', '--proxies is not of the form t-of-n', { hint: 'for example --proxies 2-of-3' });
}

/** `grant.json` alone, or `grant-1.json`, `grant-2.json`, ... */
function grantFiles(path: string, count: number): string[] {
  if (count === 1) return [path];
  const suffix = extname(path);
  const stem = path.slice(0, path.length - suffix.length);
  return Array.from({ length: count }, (_, index) => `${stem}-${index + 1}${suffix}`);
}
