/** `dhc map …`: the tools of an integrator who teaches the bridge a format. */
import type { Command } from 'commander';
import { registerCodes } from '../map/codes/command.ts';
import { registerImport } from '../map/fml/command.ts';
import { registerProfile } from '../map/profile/command.ts';
import { registerSuggest } from '../map/suggest/command.ts';
import { registerCheck } from '../map/tools/check.ts';
import { registerCoverage } from '../map/tools/coverage.ts';
import { registerDiff } from '../map/tools/diff.ts';
import { registerDocs } from '../map/tools/docs.ts';
import { registerPreview } from '../map/tools/preview.ts';
import { registerTest } from '../map/tools/test.ts';

export function registerMap(program: Command): void {
  const map = program
    .command('map')
    .description('teach the bridge a format: profile, suggest, check, preview, test, coverage');
  registerProfile(map);
  registerSuggest(map);
  registerCheck(map);
  registerPreview(map);
  registerTest(map);
  registerCoverage(map);
  registerDiff(map);
  registerDocs(map);
  registerCodes(map);
  registerImport(map);
}
