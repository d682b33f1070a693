import { statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import { action } from '../context.ts';
import { type Opened, open } from '../open.ts';
import { exit, table } from '../output.ts';

interface Finding {
  readonly check: string;
  readonly status: 'pass' | 'warn' | 'fail';
  readonly detail: string;
}

const FULL = 0.8;

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the services, the sum of what was read, the pins, the contract, the disk')
    .action(
      action(async (context) => {
        const config = await context.config();
        const findings: Finding[] = [{ check: 'config', status: 'pass', detail: context.configFile }];
        const opened = await open(config, 'services', (line) => context.out.progress(line, line));
        try {
          findings.push(
            ...(await services(opened)),
            ...(await sums(opened)),
            ...(await chain(opened)),
            ...(await pins(opened)),
            await disk(config.data),
          );
        } finally {
          await opened.close();
        }
        const rows = findings.map(({ check, status, detail }) => [check, status, detail]);
        context.out.result({ findings }, table(['check', 'status', 'detail'], rows));
        return findings.some(({ status }) => status === 'fail') ? exit.failed : exit.ok;
      }),
    );
}

async function services(opened: Opened): Promise<Finding[]> {
  const health = (await opened.services?.health()) ?? [];
  return health.map(({ name, status, address, embedded, restarts }) => ({
    check: name,
    status: status === 'ok' ? 'pass' : 'fail',
    detail: `${status} at ${address}${embedded ? ', embedded' : ''}${restarts > 0 ? `, restarted ${restarts} times` : ''}`,
  }));
}

/** Nothing is dropped: read = pending + normalised + dead-lettered. */
async function sums({ bridge }: Opened): Promise<Finding[]> {
  const accounts = await bridge.journal.accounting();
  return accounts.map(({ feed, read, pending, normalized, deadLettered, holds }) => ({
    check: `sum of ${feed}`,
    status: holds ? 'pass' : 'fail',
    detail: `${read} read = ${pending} pending + ${normalized} normalised + ${deadLettered} dead-lettered`,
  }));
}

async function chain({ bridge }: Opened): Promise<Finding[]> {
  try {
    const { chainId, contract } = await bridge.chain();
    return [{ check: 'contract', status: 'pass', detail: `HealthIndex at ${contract} on chain ${chainId}` }];
  } catch (error) {
    return [{ check: 'contract', status: 'fail', detail: (error as Error).message }];
  }
}

async function pins({ bridge }: Opened): Promise<Finding[]> {
  const batches = await bridge.journal.batches({ states: ['stored', 'included', 'final'] });
  let missing = 0;
  for (const { manifestCid } of batches) if (manifestCid && !(await bridge.kubo.isPinned(manifestCid))) missing++;
  return [
    {
      check: 'pins',
      status: missing > 0 ? 'fail' : 'pass',
      detail: `${batches.length} batches, ${missing} not pinned`,
    },
  ];
}

async function disk(folder: string): Promise<Finding> {
  const { blocks, bavail } = await statfs(folder);
  const used = 1 - bavail / blocks;
  return { check: 'disk', status: used > FULL ? 'warn' : 'pass', detail: `${Math.round(used * 100)} % used` };
}
