import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import type { SourceKind } from '../../core/types.ts';
import type { HospitalContext } from '../../normalizer/context.ts';
import { action, type Context } from '../context.ts';
import { type ConvertSummary, convert } from '../convert/convert.ts';
import { exit } from '../output.ts';

const KINDS: readonly SourceKind[] = ['hl7v2', 'cda', 'dicom', 'fhir', 'table'];

export function registerConvert(program: Command): void {
  program
    .command('convert')
    .argument('<path...>', 'files, folders, or - for standard input')
    .description('turn files into FHIR bundles, offline and without any service')
    .addOption(new Option('--from <kind>', 'what the files hold').choices(KINDS).makeOptionMandatory())
    .requiredOption('--out <folder>', 'where <name>.json and <name>.report.json go; - prints one bundle a line')
    .option('--charset <label>', 'character set of content that declares none')
    .option('--map <file>', 'map to use instead of the shipped ones')
    .option('--hospital <id>', 'id of the hospital, part of every resource id')
    .option('--timezone <zone>', 'zone of times without an offset')
    .option('--patient-system <uri>', "identifier system of the hospital's own patient numbers")
    .action(
      action(async (context, paths, options) => {
        const { out, signal } = context;
        const summary = await convert({
          from: options.from as SourceKind,
          paths,
          out: String(options.out),
          ...(await hospitalOf(context, options)),
          ...(options.charset ? { charset: String(options.charset) } : {}),
          ...(options.map ? { map: (await import('../map/compiled.ts')).readMap(String(options.map)) } : {}),
          signal,
          onItem: ({ items, refused }) => {
            if (items % 500 === 0) out.progress(`${Math.floor(items / 10_000)}`, `${items} items, ${refused} refused`);
          },
        });
        out.done();
        if (options.out !== '-') out.result({ ...summary }, '');
        out.note(describe(summary));
        return summary.refused > 0 ? exit.partial : exit.ok;
      }),
    );
}

/** From the flags, else from the config where there is one, else a neutral hospital in UTC. */
export async function hospitalOf(context: Context, options: Record<string, unknown>) {
  const named = options.config !== undefined || existsSync(context.configFile);
  const config = named ? await context.config() : undefined;
  const timezone = String(options.timezone ?? config?.hospital.timezone ?? 'UTC');
  if (!Intl.supportedValuesOf('timeZone').includes(timezone) && timezone !== 'UTC') {
    throw new BridgeError('cli.usage', `${timezone} is no IANA time zone`, {
      hint: 'for example --timezone Asia/Shanghai',
    });
  }
  const patientSystem = options.patientSystem ?? config?.hospital.patientSystem;
  const hospital: HospitalContext = {
    id: String(options.hospital ?? config?.hospital.id ?? 'hospital'),
    name: config?.hospital.name ?? String(options.hospital ?? 'hospital'),
    timezone,
    ...(patientSystem ? { patientSystem: String(patientSystem) } : {}),
  };
  return { hospital, assigners: config?.hospital.assigners ?? {} };
}

function describe({ files, items, bundles, refused, issues, refusals }: ConvertSummary): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .sort((a, b) => b[1] - a[1])
      .map(([code, count]) => `\n  ${code}: ${count}`)
      .join('');
  const lines = [`${files} files, ${items} items: ${bundles} bundles, ${refused} refused`];
  if (refused > 0) lines.push(`refused, by cause:${list(refusals)}`);
  if (Object.keys(issues).length > 0) lines.push(`issues in the bundles:${list(issues)}`);
  return lines.join('\n');
}
