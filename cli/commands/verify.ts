import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Fault } from '../../anchor/store/repair.ts';
import { verifyReceipt } from '../../anchor/verify/verify.ts';
import { BridgeError } from '../../core/errors.ts';
import { dataPaths } from '../../workflows/bridge.ts';
import { action, type Context, countOf } from '../context.ts';
import { type Opened, open } from '../open.ts';
import { type ExitCode, exit, table } from '../output.ts';
import { type Repaired, repairAll } from '../repair.ts';
import { receipts, tally, type Verified, verifyAll } from '../verify.ts';

/** Off a terminal a line is printed for every so many batches. */
const PROGRESS_BATCHES = 20;
const PROGRESS_RECORDS = 500;
const ITEM = /^[0-9a-f]{32}$/;

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .argument('[receipt...]', 'receipt files, or ids of items')
    .description('prove records from chain, IPFS and key alone')
    .option('--all', 'all receipts of the journal')
    .option('--repair', 'with --all: first look at every block of every node, and restore what was lost or has rotted')
    .option('--sample <n>', 'so many receipts, chosen at random')
    .option('--rpc <url>', 'verify as an outsider: JSON-RPC of any node of the chain')
    .option('--kubo <url>', 'as an outsider: RPC of any IPFS node')
    .option('--contract <address>', 'as an outsider: the HealthIndex that you trust')
    .option('--chain-id <id>', 'as an outsider: the chain that you trust')
    .option('--key <file>', 'as an outsider: JSON with x25519Private, umbralSecret and indexKey, hex')
    .option('--capsule <cid>', 'as an outsider: a later key packet of the record, after a claim, rotation or share')
    .action(
      action(async (context, targets, options) => {
        if (options.rpc || options.kubo) return asOutsider(context, targets, options);
        const opened = await open(await context.config(), 'services', (line) => context.out.progress(line, line));
        try {
          const repaired = options.repair ? await repair(context, opened, options) : undefined;
          const verified: Verified[] = [];
          for await (const one of verifyAll(opened.bridge, await chosen(opened, targets, options), context.signal)) {
            verified.push(one);
            context.out.progress(
              `verified ${Math.floor(verified.length / PROGRESS_RECORDS)}`,
              `${verified.length} records checked`,
            );
          }
          return report(context, verified, repaired);
        } finally {
          await opened.close();
        }
      }),
    );

  program
    .command('receipts')
    .argument('<folder>', 'where <item>.json goes')
    .description('write all receipts as files; each verifies without this bridge')
    .action(
      action(async (context, [folder]) => {
        const opened = await open(await context.config(), 'journal');
        try {
          mkdirSync(folder!, { recursive: true });
          let count = 0;
          for await (const { item, receipt } of receipts(opened.bridge)) {
            writeFileSync(join(folder!, `${item}.json`), `${JSON.stringify(receipt, null, 2)}\n`);
            count++;
          }
          context.out.result({ folder, count }, `${count} receipts in ${folder}`);
          return exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );
}

/** @throws BridgeError `cli.usage` without --all: a repair looks at everything */
async function repair(context: Context, { bridge, log }: Opened, options: Record<string, unknown>): Promise<Repaired> {
  if (!options.all) throw new BridgeError('cli.usage', '--repair goes with --all');
  const { out, signal } = context;
  const { hospital, data } = await context.config();
  const place = { hospital: hospital.id, cars: dataPaths(data).cars };
  return repairAll(bridge, place, log, signal, (node, { batches, blocks, faults }) =>
    out.progress(
      `repair ${node} ${batches % PROGRESS_BATCHES === 0 ? batches : ''}`,
      words(node, batches, blocks, faults),
    ),
  );
}

function words(node: string, batches: number, blocks: number, faults: readonly Fault[]): string {
  const restored = faults.filter((fault) => fault.restoredFrom !== undefined).length;
  return `${node}: ${batches} batches, ${blocks} blocks looked at, ${faults.length} faults, ${restored} restored`;
}

async function chosen(opened: Opened, targets: readonly string[], options: Record<string, unknown>) {
  if (options.all) return receipts(opened.bridge);
  if (options.sample) return sample(opened, countOf('--sample', options.sample));
  if (targets.length === 0)
    throw new BridgeError('cli.usage', 'nothing to verify is named', {
      hint: 'name receipts or items, or say --all or --sample 20',
    });
  return Promise.all(targets.map((target) => named(opened, target)));
}

/** Reservoir of n out of all. */
async function sample(opened: Opened, n: number) {
  const kept = [];
  let seen = 0;
  for await (const one of receipts(opened.bridge)) {
    const place = Math.floor(Math.random() * ++seen);
    if (kept.length < n) kept.push(one);
    else if (place < n) kept[place] = one;
  }
  return kept;
}

async function named({ bridge }: Opened, target: string) {
  if (!ITEM.test(target)) return { item: itemOfTag(target), feed: '', receipt: readReceipt(target) as never };
  const [item, receipt] = [await bridge.journal.item(target), await bridge.journal.receipt(target)];
  if (!item || !receipt) throw new BridgeError('cli.not-found', 'there is no receipt of that item');
  return { item: item.id, feed: item.feed, receipt };
}

/** `receipts` names files by item, so that the hospital finds the patient's key again. */
function itemOfTag(path: string): string {
  return /([0-9a-f]{32})\.json$/.exec(path)?.[1] ?? '';
}

function readReceipt(path: string): unknown {
  if (!existsSync(path)) throw new BridgeError('cli.not-found', `there is no receipt file ${path}`);
  return readFileSync(path, 'utf8');
}

async function asOutsider(
  context: Context,
  targets: readonly string[],
  options: Record<string, unknown>,
): Promise<ExitCode> {
  const { rpc, kubo, contract, chainId, capsule } = options as Record<string, string | undefined>;
  if (!rpc || !kubo) throw new BridgeError('cli.usage', 'an outsider names both --rpc and --kubo');
  const key = options.key ? readKey(String(options.key)) : undefined;
  const trusted = contract && chainId ? { contract, chainId } : undefined;
  const verified: Verified[] = [];
  for (const target of targets) {
    const verdict = await verifyReceipt(
      readReceipt(target),
      { rpc, kubo, ...(key && { key }), ...(trusted && { trusted }), ...(capsule && { capsule }) },
      context.signal,
    );
    verified.push({ item: target, feed: '', verdict, outcome: verdict.status });
  }
  return report(context, verified);
}

function readKey(path: string) {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    const given = ['x25519Private', 'umbralSecret', 'indexKey'].filter((name) => file[name]);
    return Object.fromEntries(given.map((name) => [name, new Uint8Array(Buffer.from(file[name]!, 'hex'))]));
  } catch {
    throw new BridgeError('cli.usage', 'the key file cannot be read', {
      hint: 'it is JSON with x25519Private and indexKey, 64 hex digits each',
    });
  }
}

function repairLines({ nodes, copied }: Repaired): string {
  const rows = nodes.map(({ node, batches, blocks, found, restored, unrestorable, error }) => [
    node,
    batches,
    blocks,
    found,
    restored,
    unrestorable.length,
    error ?? '',
  ]);
  const lost = nodes.flatMap(({ node, unrestorable }) =>
    unrestorable.map(({ cid, fault, manifest }) => [node, fault, cid, manifest]),
  );
  const lists = lost.length > 0 ? `\n${table(['node', 'fault', 'block', 'manifest of the batch'], lost)}` : '';
  const copies = copied > 0 ? `${copied} missed copies made\n` : '';
  return `${table(['node', 'batches', 'blocks', 'found', 'restored', 'unrestorable', ''], rows)}${lists}${copies}\n`;
}

function report({ out }: Context, verified: readonly Verified[], repaired?: Repaired): ExitCode {
  const { pass, fail, unknown, 'with-patient': withPatient, erased } = tally(verified);
  const single = verified.length === 1;
  const rows = verified.flatMap((one) => shown(one, single));
  const lists = rows.length > 0 ? `${table(['record', 'feed', 'check', 'status', 'detail'], rows)}\n` : '';
  const unopened = [
    ...(withPatient > 0 ? [`${withPatient} with their patients`] : []),
    ...(erased > 0 ? [`${erased} erased`] : []),
  ];
  const counted = [`${pass} pass`, `${fail} fail`, `${unknown} unknown`, ...unopened].join(', ');
  out.result(
    { pass, fail, unknown, withPatient, erased, verified, ...(repaired && { repair: repaired }) },
    `${repaired ? repairLines(repaired) : ''}${lists}${verified.length} records: ${counted}`,
  );
  const lost = repaired?.nodes.some(({ unrestorable, error }) => unrestorable.length > 0 || error !== undefined);
  return fail + unknown > 0 || lost ? exit.unverified : exit.ok;
}

/** What did not pass; of a record that is not to be opened here, that in one line; of a single record everything. */
function shown({ item, feed, verdict, outcome }: Verified, single: boolean): string[][] {
  const rows = verdict.checks.map(({ name, status, detail }) => [item, feed, name, status, detail]);
  if (single) return rows;
  const others = rows.filter(([, , , status]) => status !== 'pass');
  return outcome === 'with-patient' || outcome === 'erased'
    ? others.slice(0, 1).map(([, , , , detail]) => [item, feed, 'opening', outcome, detail!])
    : others;
}
