import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ChainRpc } from '../../anchor/chain/rpc.ts';
import { consentEvents } from '../../anchor/consent/events.ts';
import { readRequest } from '../../anchor/share/formats.ts';
import { makeGrants, makeOffer, type OfferedRecord, type OpenOffer } from '../../anchor/share/patient.ts';
import {
  acceptClaim,
  allKeys,
  type ClaimAnswer,
  claimRequest,
  newKeyFile,
  openRecord,
  ownSubjects,
  signConsent,
  subjectKey,
  typedRevoke,
  verifyRecord,
} from '../../client/index.ts';
import { BridgeError } from '../../core/errors.ts';
import { action } from '../context.ts';
import { exit, table } from '../output.ts';
import { registerCurrent } from '../patient/current.ts';
import {
  loadKeyFile,
  type OwnRecord,
  ownRecords,
  personOf,
  personOptions,
  readText,
  saveKeyFile,
  writeJson,
} from '../patient/person.ts';

/** What a patient keeps between an offer and the grant. */
interface OfferFile {
  readonly open: OpenOffer;
  readonly records: readonly OfferedRecord[];
}

export function registerPatient(program: Command): void {
  const patient = program.command('patient').description('as a patient, from a key file, the chain and IPFS alone');

  patient
    .command('init')
    .argument('<file>', 'where your key file goes')
    .requiredOption('--request <file>', 'where the claim request for your hospital goes')
    .description('make your own keys and a request to take over your records')
    .action(
      action(async ({ out }, [path], { request }) => {
        if (existsSync(path!))
          throw new BridgeError('cli.usage', 'there is already a file; keys are never overwritten');
        const file = newKeyFile();
        saveKeyFile(path!, file);
        writeJson(String(request), claimRequest(file));
        out.result({ keys: path, request }, `your keys: ${path} (keep a copy)\nfor the hospital: ${request}`);
        return exit.ok;
      }),
    );

  patient
    .command('accept')
    .argument('<answer>', "the hospital's answer to your claim")
    .requiredOption('--keys <file>', 'your key file')
    .description('enter a hospital into your key file')
    .action(
      action(async ({ out }, [answer], { keys }) => {
        const text = readText(answer!, 'answer');
        const file = await acceptClaim(loadKeyFile(String(keys)), JSON.parse(text) as ClaimAnswer).catch(() => {
          throw new BridgeError('seal.open', 'the answer is not for your keys');
        });
        saveKeyFile(String(keys), file);
        const names = file.hospitals.map(({ hospital }) => hospital);
        out.result({ hospitals: names }, `hospitals in your key file: ${names.join(', ')}`);
        return exit.ok;
      }),
    );

  personOptions(patient.command('find'))
    .description('list your records')
    .action(
      action(async ({ out, signal }, _arguments, options) => {
        const records = await ownRecords(personOf(options), signal);
        const rows = records.map(({ hospital, counter, receipt }) => ({
          hospital: hospital.hospital,
          number: counter,
          block: receipt.block.number,
          size: receipt.record.size,
          status: receipt.status,
          content: receipt.record.contentCid,
        }));
        const shown = rows.map((row) => Object.values(row));
        out.result({ records: rows }, table(['hospital', 'number', 'block', 'bytes', 'status', 'content'], shown));
        return exit.ok;
      }),
    );

  personOptions(patient.command('open').argument('[number...]', 'numbers of records; all where left out'))
    .requiredOption('--out <folder>', 'where bundles and receipts go')
    .description('open and check your records')
    .action(
      action(async ({ out, signal }, numbers, options) => {
        const person = personOf(options);
        const folder = String(options.out);
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const results: { number: number; hospital: string; checks: Record<string, string> }[] = [];
        for (const record of chosen(await ownRecords(person, signal), numbers)) {
          const { hospital, receipt, counter, open } = record;
          const checks = await verifyRecord(receipt, hospital, person.chain, open);
          const name = join(folder, `${hospital.hospital}-${counter}`);
          writeJson(`${name}.receipt.json`, receipt);
          if (checks.every(({ status }) => status !== 'fail'))
            writeFileSync(`${name}.json`, (await openRecord(receipt, open)).bundle, { mode: 0o600 });
          const named = Object.fromEntries(checks.map(({ name: check, status }) => [check, status]));
          results.push({ number: counter, hospital: hospital.hospital, checks: named });
        }
        const bad = results.filter(({ checks }) => Object.values(checks).some((status) => status !== 'pass'));
        const lines = bad.map(({ hospital, number, checks }) => `${hospital} ${number}: ${JSON.stringify(checks)}\n`);
        out.result(
          { records: results },
          `${lines.join('')}${results.length} records, ${results.length - bad.length} verified`,
        );
        return bad.length > 0 ? exit.unverified : exit.ok;
      }),
    );

  registerCurrent(patient);

  personOptions(patient.command('offer').argument('<number...>', 'numbers of records of one hospital'))
    .requiredOption('--consent <address>', 'the Consent contract')
    .requiredOption('--out <file>', 'the offer, for who wants to read')
    .requiredOption('--private <file>', 'what you keep until you grant')
    .description('prepare to share: an address for this consent and a commitment to the records')
    .action(
      action(async ({ out, signal }, numbers, options) => {
        const person = personOf(options);
        const records = chosen(await ownRecords(person, signal), numbers);
        if (new Set(records.map(({ receipt }) => receipt.hospital)).size !== 1)
          throw new BridgeError('cli.usage', 'the records of an offer are those of one hospital');
        const asked = await consentEvents(
          new ChainRpc(person.rpc),
          String(options.consent),
          { kinds: ['requested'] },
          signal,
        );
        const seen = new Set(asked.flatMap((event) => (event.kind === 'requested' ? [event.terms.subject] : [])));
        const counter = Math.max(ownSubjects(person.secret, seen).next, person.file.nextSubject ?? 0);
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
    .requiredOption('--consent <address>', 'the Consent contract')
    .requiredOption('--private <file>', 'what you kept of the offer')
    .requiredOption('--out <file>', 'the grant, for the hospital that holds the records')
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
        const { chainId } = person.file.hospitals.find(({ contract }) => contract === records[0]!.receipt.contract)!;
        const domain = { chainId, contract: String(options.consent) };
        const keys = allKeys(person.file);
        const [grant] = await makeGrants({ secret: person.secret, keys, open, request, records, domain }, kubo, signal);
        writeJson(String(options.out), grant);
        const until = new Date(terms.until * 1000).toISOString();
        out.result(
          { terms },
          `granted to ${terms.requester} until ${until}: ${records.length} records\nfor the hospital: ${options.out}`,
        );
        return exit.ok;
      }),
    );

  patient
    .command('revoke')
    .argument('<request>', 'the request file that you granted')
    .requiredOption('--keys <file>', 'your key file')
    .requiredOption('--private <file>', 'what you kept of the offer')
    .requiredOption('--consent <address>', 'the Consent contract')
    .requiredOption('--chain-id <id>', 'the chain')
    .requiredOption('--out <file>', 'the revocation: anyone may bring it (`dhc share submit`)')
    .description('take a consent back; what was delivered before is not undone')
    .action(
      action(async ({ out }, [path], options) => {
        const { open } = JSON.parse(readText(String(options.private), 'offer')) as OfferFile;
        const { terms } = readRequest(readText(path!, 'request'));
        const secret = Buffer.from(loadKeyFile(String(options.keys)).secrets[0]!, 'hex');
        const data = typedRevoke({ chainId: String(options.chainId), contract: String(options.consent) }, terms);
        const signature = signConsent(subjectKey(secret, open.counter), data);
        writeJson(String(options.out), { format: 'dhc-share-revoke/1', terms, signature });
        out.result({ terms }, `the revocation is ${options.out}`);
        return exit.ok;
      }),
    );

  patient
    .command('readers')
    .requiredOption('--keys <file>', 'your key file')
    .requiredOption('--rpc <url>', 'JSON-RPC of any node of the chain')
    .requiredOption('--consent <address>', 'the Consent contract')
    .description('who asked, was granted and was given your records, from the chain')
    .action(
      action(async ({ out, signal }, _arguments, options) => {
        const secret = Buffer.from(loadKeyFile(String(options.keys)).secrets[0]!, 'hex');
        const events = await consentEvents(new ChainRpc(String(options.rpc)), String(options.consent), {}, signal);
        const asked = events.flatMap((event) => (event.kind === 'requested' ? [event] : []));
        const own = new Set(
          ownSubjects(secret, new Set(asked.map(({ terms }) => terms.subject))).subjects.map(({ address }) => address),
        );
        const terms = new Map(
          asked.filter((event) => own.has(event.terms.subject)).map((event) => [event.id, event.terms]),
        );
        const rows = events
          .filter(({ id }) => terms.has(id))
          .map((event) => ({
            what: event.kind,
            reader: terms.get(event.id)!.requester,
            records: event.kind === 'delivered' ? event.records : 0,
            block: event.block.number,
            consent: event.id,
          }));
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

function chosen(records: readonly OwnRecord[], numbers: readonly string[]): readonly OwnRecord[] {
  if (numbers.length === 0) return records;
  const wanted = new Set(numbers.map(Number));
  const found = records.filter(({ counter }) => wanted.has(counter));
  if (found.length === 0)
    throw new BridgeError('cli.not-found', 'there are no such records', { hint: 'see `dhc patient find`' });
  return found;
}
