import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CannotOpen, type CurrentResource, currentState, openRecord, Refuted } from '../../client/index.ts';
import { action } from '../context.ts';
import { exit, table } from '../output.ts';
import { type OwnRecord, ownRecords, personOf, personOptions } from './person.ts';

/** `dhc patient current`: all records of a person folded into what holds now. */
export function registerCurrent(patient: Command): void {
  personOptions(patient.command('current'))
    .requiredOption('--out <file>', 'where the FHIR bundle goes')
    .description('what holds now: the newest word of all your records on each thing')
    .action(
      action(async ({ out, signal }, _arguments, options) => {
        const records = await ownRecords(personOf(options), signal);
        const bundles = (await Promise.all(records.map(openedOrNot))).filter((bundle) => bundle !== undefined);
        const state = currentState(bundles);
        writeFileSync(String(options.out), `${JSON.stringify(bundleOf(state), null, 1)}\n`, { mode: 0o600 });
        const unopened = records.length - bundles.length;
        const resources = counted(state);
        const warning = unopened > 0 ? `\n${unopened} records do not open: what they say is missing` : '';
        const rows = resources.map(({ type, count, asOf }) => [type, count, asOf]);
        out.result(
          { records: records.length, unopened, resources },
          `${table(['resource', 'count', 'as of'], rows)}${warning}`,
        );
        return unopened > 0 ? exit.unverified : exit.ok;
      }),
    );
}

async function openedOrNot({ receipt, open }: OwnRecord): Promise<Uint8Array | undefined> {
  try {
    return (await openRecord(receipt, open)).bundle;
  } catch (error) {
    if (error instanceof CannotOpen || error instanceof Refuted) return undefined;
    throw error;
  }
}

function bundleOf(state: readonly CurrentResource[]) {
  const entry = state.map(({ fullUrl, resource }) => ({ fullUrl, resource }));
  return { resourceType: 'Bundle', type: 'collection', entry };
}

function counted(state: readonly CurrentResource[]): { type: string; count: number; asOf: string }[] {
  const byType = Map.groupBy(state, ({ resource }) => resource.resourceType);
  return [...byType].sort().map(([type, some]) => {
    const times = some.flatMap(({ asOf }) => asOf ?? []);
    const newest = times.reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a), times[0] ?? '');
    return { type, count: some.length, asOf: newest };
  });
}
