import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { getBytes, hashMessage, hexlify, randomBytes, Signature } from 'ethers';
import type { ChainRpc } from '../../anchor/chain/rpc.ts';
import { ask, consentAbi } from '../../anchor/consent/contracts.ts';
import { consentEvents } from '../../anchor/consent/events.ts';
import { consentState } from '../../anchor/consent/state.ts';
import { consentId, purposeId, type Terms } from '../../anchor/consent/terms.ts';
import { umbralPublicOf } from '../../anchor/seal/umbral/packet.ts';
import { type Delivery, readDelivery, readGrant, readOffer, requestText } from '../../anchor/share/formats.ts';
import { deliveryCommitment, joinDeliveries, makeDelivery } from '../../anchor/share/proxy.ts';
import { openDelivered } from '../../anchor/share/recipient.ts';
import { Kubo } from '../../anchor/store/kubo.ts';
import { VerifyCache } from '../../anchor/verify/cache.ts';
import { BridgeError } from '../../core/errors.ts';
import { action } from '../context.ts';
import { exit, table } from '../output.ts';
import { readText, writeJson } from '../patient/person.ts';
import { atDesk } from '../share/desk.ts';
import { readNetwork } from '../share/network.ts';

export function registerShare(program: Command): void {
  const share = program
    .command('share')
    .description('ask for records of other hospitals, and hand over own ones by consent');

  share
    .command('request')
    .argument('<offer>', "the patient's offer")
    .requiredOption('--purpose <name>', 'template of the use, e.g. treatment')
    .requiredOption('--until <date>', 'last moment, e.g. 2027-01-31')
    .requiredOption('--out <file>', 'the request, for the patient')
    .option('--sensitive', "needs the approval of the holder's board")
    .description('ask the patient, on the chain')
    .action(
      action((context, [path], options) =>
        atDesk(context, async ({ desk, keys, signer, signal }) => {
          const { holder, subject, scope } = readOffer(readText(path!, 'offer'));
          const until = Math.floor(Date.parse(String(options.until)) / 1000);
          if (!Number.isSafeInteger(until)) throw new BridgeError('cli.usage', '--until is no date');
          const purpose = purposeId(String(options.purpose));
          const sensitive = options.sensitive === true;
          const terms = {
            requester: signer.address,
            holder,
            subject,
            purpose,
            scope,
            until,
            sensitive,
            salt: hexlify(randomBytes(32)),
          };
          const x25519Public = hex(keys.x25519Public);
          const publics = { x25519Public, umbralPublic: hex(umbralPublicOf(keys.umbralSecret)) };
          await desk.request(terms, signal);
          const digest = getBytes(hashMessage(requestText(terms, publics)));
          const signature = Signature.from(await signer.sign(digest)).serialized;
          writeJson(String(options.out), { format: 'dhc-share-request/1', terms, ...publics, signature });
          context.out.result({ terms }, `asked; the request for the patient is ${options.out}`);
          return exit.ok;
        }),
      ),
    );

  share
    .command('list')
    .description('consents that this hospital asked for or holds the records of')
    .action(
      action((context) =>
        atDesk(context, async ({ chain: { rpc }, consent, signer, signal }) => {
          const rows = [];
          for await (const event of consentEvents(rpc, consent, { kinds: ['requested'] }, signal)) {
            if (event.kind !== 'requested') continue;
            const role = roleOf(event.terms, signer.address);
            if (!role) continue;
            const { status, deliveries, records } = await consentState(rpc, consent, event.terms, signal);
            const until = new Date(event.terms.until * 1000).toISOString();
            rows.push({ consent: event.id, role, status, deliveries, records, until });
          }
          const shown = rows.map((row) => Object.values(row));
          context.out.result(
            { consents: rows },
            table(['consent', 'role', 'status', 'deliveries', 'records', 'until'], shown),
          );
          return exit.ok;
        }),
      ),
    );

  share
    .command('deliver')
    .argument('<grant>', "the patient's grant")
    .argument('[fragments...]', 'what further proxies made (`dhc share proxy`), where the grant needs several')
    .requiredOption('--out <file>', 'the delivery, for who asked')
    .description('bring the grant to the chain, re-encrypt, and write the delivery down; nothing is opened here')
    .action(
      action((context, [path, ...others], options) =>
        atDesk(context, async ({ bridge, chain: { rpc }, desk, consent, signal }) => {
          const grant = readGrant(readText(path!, 'grant'));
          const further = others.map((other) => readDelivery(readText(other, 'file of a proxy')));
          const { terms } = grant.request;
          await desk.submitGrant(terms, grant.signature, signal);
          const own = await makeDelivery(grant, { rpc, contract: consent, kubo: bridge.kubo }, signal);
          const delivery = joinDeliveries([own, ...further]);
          const commitment = deliveryCommitment(delivery);
          await desk.recordDelivery(terms, { commitment, records: delivery.records.length }, signal);
          // Only now: what is not written down is not handed over.
          writeJson(String(options.out), delivery);
          context.out.result(
            { commitment, records: delivery.records.length },
            `${delivery.records.length} records: ${options.out}`,
          );
          return exit.ok;
        }),
      ),
    );

  share
    .command('proxy')
    .argument('<grant>', "the patient's grant for this proxy")
    .requiredOption('--out <file>', 'the fragments, for the hospital that holds the records')
    .description('as one of several proxies: re-encrypt with the own key fragment; alone it opens nothing')
    .action(
      action((context, [path], options) =>
        atDesk(context, async ({ bridge, chain: { rpc }, desk, consent, signal }) => {
          const grant = readGrant(readText(path!, 'grant'));
          await desk.submitGrant(grant.request.terms, grant.signature, signal);
          const fragments = await makeDelivery(grant, { rpc, contract: consent, kubo: bridge.kubo }, signal);
          writeJson(String(options.out), fragments);
          const { length } = fragments.records;
          context.out.result({ records: length }, `fragments of ${length} records: ${options.out}`);
          return exit.ok;
        }),
      ),
    );

  share
    .command('open')
    .argument('<delivery>', "the holder's delivery")
    .requiredOption('--out <folder>', 'where the bundles go')
    .option('--index <address>', "the HealthIndex of the holder, known from elsewhere; default: this hospital's")
    .option('--kubo <url>', "an IPFS node that has the records; default: this hospital's")
    .option('--network <file>', 'the network file names such a node')
    .description('open what was delivered and check each record against the chain')
    .action(
      action((context, [path], options) =>
        atDesk(context, async ({ bridge, chain: { rpc, chainId, contract: index }, consent, keys, signal }) => {
          const delivery = readDelivery(readText(path!, 'delivery'));
          if (!(await isWrittenDown(rpc, consent, delivery, signal)))
            throw new BridgeError('consent.missing', 'the delivery is not written down on the chain');
          const folder = String(options.out);
          mkdirSync(folder, { recursive: true, mode: 0o700 });
          const url = options.kubo ?? (options.network ? readNetwork(String(options.network)).kubo : undefined);
          const kubo = url ? new Kubo({ url: String(url) }) : bridge.kubo;
          const with_ = {
            rpc,
            kubo,
            trusted: { chainId, contract: String(options.index ?? index) },
            cache: new VerifyCache(),
          };
          const rows: { record: string; status: string }[] = [];
          for (const record of delivery.records) {
            const { tag, verdict, bundle } = await openDelivered(delivery, record, keys, with_, signal);
            if (bundle) writeFileSync(join(folder, `${tag}.json`), bundle, { mode: 0o600 });
            rows.push({ record: tag, status: verdict.status });
          }
          context.out.result(
            { records: rows },
            table(
              ['record', 'checks'],
              rows.map((row) => Object.values(row)),
            ),
          );
          return rows.every(({ status }) => status === 'pass') ? exit.ok : exit.unverified;
        }),
      ),
    );

  share
    .command('submit')
    .argument('<file>', "a patient's revocation")
    .description('bring a revocation to the chain for a patient')
    .action(
      action((context, [path]) =>
        atDesk(context, async ({ desk, signal }) => {
          const { terms, signature } = JSON.parse(readFileSync(path!, 'utf8')) as { terms: Terms; signature: string };
          const { event } = await desk.submitRevoke(terms, signature, signal);
          context.out.result({ revoked: event }, 'the consent is taken back');
          return exit.ok;
        }),
      ),
    );
}

/** As the contract says: a delivery is kept by consent and commitment. */
async function isWrittenDown(
  rpc: ChainRpc,
  consent: string,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<boolean> {
  const values = [consentId(delivery.terms), deliveryCommitment(delivery)];
  return (await ask(rpc, consentAbi, consent, 'deliveredAt', values, signal))[0] !== 0n;
}

function roleOf(terms: Terms, account: string): string | undefined {
  if (terms.requester === account) return 'reader';
  return terms.holder === account ? 'holder' : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
