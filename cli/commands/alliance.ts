import type { Command } from 'commander';
import { z } from 'zod';
import { AllianceSeat, admission, type Decision, hospitalOf, suspension } from '../../anchor/consent/alliance.ts';
import { registryOf } from '../../anchor/consent/contracts.ts';
import { profileOf } from '../../anchor/consent/found.ts';
import { BridgeError } from '../../core/errors.ts';
import { type CustodyKeys, HOSPITAL_REF } from '../../core/keystore/keystore.ts';
import type { BridgeChain } from '../../workflows/chain.ts';
import { action } from '../context.ts';
import { open } from '../open.ts';
import { type ExitCode, exit, table } from '../output.ts';
import { readText, writeJson } from '../patient/person.ts';
import { accountOf, atDesk, type Desk } from '../share/desk.ts';
import type { Network } from '../share/network.ts';

/** Ten ether: on the embedded chain nobody else could give a new hospital what its transactions cost. */
const GAS_MONEY = '0x8ac7230489e80000';

const hex = (bytes: number) => z.string().regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`));

/** What a hospital gives the alliance that is to admit it. */
const Candidate = z.strictObject({
  format: z.literal('dhc-hospital/1'),
  account: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  profile: z.strictObject({
    id: hex(32),
    certificate: hex(32),
    x25519: hex(32),
    umbral: hex(33),
    endpoint: z.string().max(256),
  }),
});

export function registerAlliance(program: Command): void {
  const alliance = program.command('alliance').description('the hospitals of the network: join, admit, suspend');

  alliance
    .command('show')
    .option('--out <file>', 'a network file: what further hospitals and patients have to know')
    .description('the chain, its contracts, and where this hospital stands')
    .action(
      action((context, _arguments, { out }) =>
        atDesk(context, async (desk) => {
          const { kuboApi, chain, consent, signer, signal } = desk;
          const registry = await registryOf(chain.rpc, consent, signal);
          const { status } = await hospitalOf(chain.rpc, registry, signer.address, signal);
          const shown = {
            account: signer.address,
            status,
            chainId: chain.chainId,
            index: chain.contract,
            registry,
            consent,
          };
          if (out) writeJson(String(out), networkOf(chain, consent, kuboApi));
          context.out.result(shown, table(['', ''], Object.entries(shown)));
          return exit.ok;
        }),
      ),
    );

  alliance
    .command('profile')
    .requiredOption('--out <file>', 'for a member of the alliance')
    .description('what the alliance has to know of this hospital: account, digest of its id, public keys')
    .action(
      action(async (context, _arguments, { out }) => {
        const config = await context.config();
        const opened = await open(config, 'journal');
        try {
          const keys = opened.bridge.keystore.patientKeys(HOSPITAL_REF) as CustodyKeys;
          const { address: account } = accountOf(config);
          const profile = profileOf(config.hospital.id, keys);
          writeJson(String(out), { format: 'dhc-hospital/1', account, profile });
          context.out.result({ account, profile }, `for a member of the alliance: ${out}`);
          return exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );

  alliance
    .command('admit')
    .argument('<profile>', "the hospital's profile")
    .description('vote for a hospital; with the last vote needed it is in')
    .action(
      action((context, [path]) =>
        atDesk(context, async (desk) => {
          const { account, profile } = readCandidate(path!);
          const registry = await registryOf(desk.chain.rpc, desk.consent, desk.signal);
          const { executed } = await vote(desk, registry, admission(registry, account, profile));
          if (executed && desk.embedded)
            await desk.chain.rpc.send('anvil_setBalance', [account, GAS_MONEY], desk.signal);
          return said(context.out, account, executed, 'admitted');
        }),
      ),
    );

  alliance
    .command('suspend')
    .argument('<account>', 'of the hospital')
    .description('vote against a hospital; with the last vote needed it may neither anchor nor share')
    .action(
      action((context, [account]) =>
        atDesk(context, async (desk) => {
          const registry = await registryOf(desk.chain.rpc, desk.consent, desk.signal);
          const { executed } = await vote(desk, registry, suspension(registry, account!));
          return said(context.out, account!, executed, 'suspended');
        }),
      ),
    );
}

function networkOf({ chainId, rpc, contract }: BridgeChain, consent: string, kubo: string): Network {
  return { format: 'dhc-network/1', chainId: Number(chainId), rpc: rpc.url, contract, consent, kubo };
}

function vote({ bridge, chain, signer, signal }: Desk, registry: string, decision: Decision) {
  const { rpc, chainId, confirmations: finality } = chain;
  const seat = new AllianceSeat({ rpc, chainId, registry, signer, store: bridge.journal, finality });
  return seat.support(decision, signal);
}

function said(
  out: { result(document: object, text: string): void },
  account: string,
  executed: boolean,
  done: string,
): ExitCode {
  out.result({ account, executed }, executed ? `${account} is ${done}` : 'voted; further members have to vote');
  return exit.ok;
}

/** @throws BridgeError `cli.usage` */
function readCandidate(path: string) {
  try {
    return Candidate.parse(JSON.parse(readText(path, 'profile')));
  } catch {
    throw new BridgeError('cli.usage', 'the file is no profile of a hospital', {
      hint: 'the hospital makes it: `dhc alliance profile`',
    });
  }
}
