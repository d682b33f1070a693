/** `dhc map …`: the tools of an integrator who teaches the bridge a format. */
import type { Command } from 'commander';
import { registerProfile } from '../map/profile/command.ts';

export function registerMap(program: Command): void {
  const map = program
    .command('map')
    .description('teach the bridge a format: profile, suggest, check, preview, test, coverage');
  registerProfile(map);
}
