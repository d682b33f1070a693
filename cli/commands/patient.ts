import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  acceptClaim,
  type ClaimAnswer,
  claimRequest,
  newKeyFile,
  openRecord,
  verifyRecord,
} from '../../client/index.ts';
import { BridgeError } from '../../core/errors.ts';
import { action } from '../context.ts';
import { exit, table } from '../output.ts';
import { registerCurrent } from '../patient/current.ts';
import {
  chosen,
  loadKeyFile,
  ownRecords,
  personOf,
  personOptions,
  readText,
  saveKeyFile,
  writeJson,
} from '../patient/person.ts';
import { registerSharing } from '../patient/sharing.ts';

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
        const results: { number: number; hospital: string; capsule: string; checks: Record<string, string> }[] = [];
        for (const record of chosen(await ownRecords(person, signal), numbers)) {
          const { hospital, receipt, counter, open } = record;
          const checks = await verifyRecord(receipt, hospital, person.chain, open);
          const name = join(folder, `${hospital.hospital}-${counter}`);
          writeJson(`${name}.receipt.json`, receipt);
          if (checks.every(({ status }) => status !== 'fail'))
            writeFileSync(`${name}.json`, (await openRecord(receipt, open)).bundle, { mode: 0o600 });
          const named = Object.fromEntries(checks.map(({ name: check, status }) => [check, status]));
          const { contentCid, capsuleCid } = receipt.record;
          const capsule = open.capsules?.get(contentCid) ?? capsuleCid;
          results.push({ number: counter, hospital: hospital.hospital, capsule, checks: named });
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
  registerSharing(patient);
}
