import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import { action } from '../context.ts';
import { exit } from '../output.ts';
import { type Network, readNetwork } from '../share/network.ts';

export function registerInit(program: Command): void {
  program
    .command('init')
    .argument('[folder]', 'where the config and its secrets go', '.')
    .description('write a commented config and a passphrase file')
    .option('--hospital <id>', 'short id of the hospital', 'my-hospital')
    .option('--name <name>', 'name of the hospital', 'My Hospital')
    .option('--network <file>', 'of the network to join (`dhc alliance show --out`); makes an account for its chain')
    .option('--timezone <zone>', 'IANA time zone', Intl.DateTimeFormat().resolvedOptions().timeZone)
    .action(
      action(async ({ out }, [folder = '.'], options) => {
        const file = resolve(folder, 'bridge.yaml');
        const passphrase = resolve(folder, 'keystore.passphrase');
        const key = resolve(folder, 'signer.key');
        const network = options.network === undefined ? undefined : readNetwork(String(options.network));
        for (const path of [file, passphrase, ...(network ? [key] : [])]) {
          if (existsSync(path))
            throw new BridgeError('cli.usage', `${path} exists already`, {
              hint: 'name another folder, or edit what is there',
            });
        }
        mkdirSync(folder, { recursive: true });
        writeFileSync(passphrase, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
        if (network) writeFileSync(key, `0x${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
        const text = template(String(options.hospital), String(options.name), String(options.timezone), network);
        writeFileSync(file, text);
        const shown = relative('.', file) || file;
        out.result(
          { config: file, passphrase },
          `wrote ${shown} and ${relative('.', join(folder, 'keystore.passphrase'))}\nkeep a copy of the passphrase and of the keystore: without them no record opens\nnext: edit the feeds, then \`dhc config check --config ${shown}\` and \`dhc check --config ${shown}\``,
        );
        return exit.ok;
      }),
    );
}

function template(id: string, name: string, timezone: string, network: Network | undefined): string {
  return `# DHC Bridge: how this hospital joins the network. \`dhc config schema\` has every field, \`dhc config check\` reads this file.
version: 1

hospital:
  id: ${id}                # part of every record's id: choose it once
  name: ${JSON.stringify(name)}
  timezone: ${timezone}    # of times that carry no offset
  # patientSystem: urn:oid:2.16.156.10011.1.13.990001   # identifier system of your own patient numbers

data: data                 # journal, spool, keystore, embedded services

keystore:
  passphrase: file:keystore.passphrase     # or \${env:DHC_PASSPHRASE}

${network ? joined(network) : ALONE}
feeds:
  documents:
    kind: cda
    folder: { path: inbox/cda }
    # schedule: { every: 15m }

  # lab:
  #   kind: hl7v2
  #   mllp: { host: 0.0.0.0, port: 2575 }

  # adt-files:
  #   kind: hl7v2
  #   folder: { path: inbox/hl7 }

  # old-server:
  #   kind: fhir
  #   baseUrl: http://fhir.internal/r4
  #   resourceTypes: [Patient, Encounter, Observation]

  # imaging:
  #   kind: dicom
  #   dicomweb: { baseUrl: http://pacs.internal:8042/dicom-web }
`;
}

const ALONE = `# Temporal, Kubo and a development chain are started on this machine unless you name your own:
# services:
#   temporal: { address: temporal.internal:7233, namespace: dhc }
#   kubo: { api: http://kubo.internal:5001 }
#   chain: { rpc: https://rpc.alliance.example, chainId: 1789, contract: "0x…", consent: "0x…", signer: "\${env:DHC_SIGNER}" }
`;

function joined({ rpc, chainId, contract, consent }: Network): string {
  return `# Temporal and Kubo are started on this machine unless you name your own; the chain is the network's.
services:
  chain:
    rpc: ${rpc}
    chainId: ${chainId}
    contract: "${contract}"
    consent: "${consent}"
    signer: file:signer.key      # the account of this hospital: give its profile to the alliance
`;
}
