import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import { dataPaths } from '../../workflows/bridge.ts';
import { action, type Context } from '../context.ts';
import { type Changed, type CustodyContext, changeKeys } from '../custody/change.ts';
import { readClaimRequest, sealClaimAnswer } from '../custody/claim.ts';
import { eraseKeys } from '../custody/erase.ts';
import { identifiedPatient } from '../custody/identify.ts';
import { recordsOf } from '../custody/records.ts';
import { type Opened, open } from '../open.ts';
import { type ExitCode, exit, table } from '../output.ts';

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description("patients' keys: who holds them, claims, renewal");

  keys
    .command('list')
    .description('all patients by reference; no identifier is shown')
    .action(
      action(async (context) => {
        const opened = await open(await context.config(), 'journal');
        try {
          return await list(context, opened);
        } finally {
          await opened.close();
        }
      }),
    );

  keys
    .command('claim')
    .argument('[item]', 'id of any item of the patient; without it `system|value` is read from stdin')
    .description("hand a patient's records over to the patient's own keys; the hospital's keys are destroyed")
    .requiredOption('--keys <file>', "the patient's claim request (`dhc patient init`)")
    .requiredOption('--out <file>', 'where the answer for the patient goes')
    .option('--yes', 'do not ask')
    .action(
      action(async (context, [item], options) => {
        const claim = readClaimRequest(readText(String(options.keys)));
        return withPatient(context, item, options, async (custody, ref) => {
          const changed = await changeKeys(custody, ref, claim);
          const { chainId, contract, consent } = await custody.bridge.chain();
          const indexKey = Buffer.from(custody.bridge.keystore.patientKeys(ref).indexKey).toString('hex');
          const answer = sealClaimAnswer(
            { hospital: custody.hospital, indexKey, chainId, contract, ...(consent && { consent }) },
            claim,
          );
          writeFileSync(String(options.out), `${JSON.stringify(answer, null, 2)}\n`, { mode: 0o600 });
          return done(context, custody, changed, `the answer for the patient is ${options.out}`);
        });
      }),
    );

  keys
    .command('rotate')
    .argument('[item]', 'id of any item of the patient; without it `system|value` is read from stdin')
    .description('draw new custody keys for a patient and destroy the old ones')
    .option('--yes', 'do not ask')
    .action(
      action((context, [item], options) =>
        withPatient(context, item, options, async (custody, ref) =>
          done(context, custody, await changeKeys(custody, ref), 'the old keys are destroyed'),
        ),
      ),
    );

  program
    .command('erase')
    .argument('[item]', 'id of any item of the patient; without it `system|value` is read from stdin')
    .description("destroy a patient's keys and show that the records no longer open; anchors and receipts remain")
    .option('--yes', 'do not ask')
    .action(
      action((context, [item], options) =>
        withPatient(context, item, { ...options, erased: true }, async (custody, ref) => {
          const erased = await eraseKeys(custody, ref);
          const { records, closed, anchored, pending } = erased;
          const proved = closed === anchored && pending === 0;
          context.out.result(
            { erased },
            `${records} records; ${closed} tried and stay closed, ${anchored} anchors still hold, ${pending} items on their way\n` +
              'backups of the keystore table and capsules that were shared before are not reached by this',
          );
          return proved ? exit.ok : exit.partial;
        }),
      ),
    );
}

async function list(context: Context, { bridge }: Opened): Promise<ExitCode> {
  const rows = await Promise.all(
    bridge.keystore.patients().map(async (ref) => {
      const { holder, generation, changing } = bridge.keystore.custody(ref);
      return { ref, holder, generation, changing, records: (await recordsOf(bridge, ref)).length };
    }),
  );
  const shown = rows.map(({ ref, holder, generation, changing, records }) => [
    ref,
    holder,
    generation,
    records,
    changing ? 'unfinished: run the same command again' : '',
  ]);
  context.out.result({ patients: rows }, table(['patient', 'held by', 'changes', 'records', ''], shown));
  return exit.ok;
}

/** Destruction is meant: it is asked for with --yes before anything is opened. */
async function withPatient(
  context: Context,
  item: string | undefined,
  options: Record<string, unknown>,
  use: (custody: CustodyContext, ref: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!options.yes)
    throw new BridgeError('cli.usage', "this destroys keys of the patient's records", {
      hint: 'say --yes if that is meant; a backup of the keystore table made before still has them',
    });
  const config = await context.config();
  const opened = await open(config, 'worker', (line) => context.out.progress(line, line));
  try {
    const ref = await identifiedPatient(opened.bridge, item, config.hospital.patientSystem, {
      erased: options.erased === true,
    });
    return await use(
      {
        bridge: opened.bridge,
        hospital: config.hospital.id,
        cars: dataPaths(config.data).cars,
        keyPacket: config.sealing.keyPacket,
        signal: context.signal,
        onProgress: (count, all) => context.out.progress('records', `${count} of ${all} records`),
      },
      ref,
    );
  } finally {
    await opened.close();
  }
}

async function done(context: Context, { bridge }: CustodyContext, changed: Changed, words: string): Promise<ExitCode> {
  const anchored = await bridge.waitAnchored({ signal: context.signal, timeoutMs: 120_000 });
  context.out.result(
    { changed, anchored },
    `${changed.records} records wrapped anew${anchored ? ', their list is anchored' : ''}; ${words}`,
  );
  return anchored ? exit.ok : exit.partial;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new BridgeError('cli.usage', 'the claim request cannot be read');
  }
}
