/** What the running supervisor leaves in `run/`, for other processes and for its successor. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson } from './files.ts';
import { endProcess, identify, isAlive, type ProcessIdentity } from './process.ts';
import type { ServiceName } from './supervise.ts';

export interface Addresses {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly embedded: boolean };
  readonly kubo: { readonly api: string; readonly gateway: string | undefined; readonly embedded: boolean };
  readonly chain: { readonly rpc: string; readonly chainId: number; readonly embedded: boolean };
}

/** `run/services.json` */
export interface RunState {
  readonly supervisor: ProcessIdentity;
  readonly processes: Partial<Record<ServiceName, ProcessIdentity>>;
  /** Set once all services answer. */
  readonly addresses?: Addresses;
}

const STALE_GRACE_MS = 3_000;

const stateFile = (dataDir: string) => join(dataDir, 'run', 'services.json');

export const lockFile = (dataDir: string) => join(dataDir, 'run', 'supervisor.lock');

/** The state of a supervisor that lives; undefined when none does. */
export function readRunState(dataDir: string): RunState | undefined {
  const state = readJson<RunState>(stateFile(dataDir));
  return state && isAlive(state.supervisor) ? state : undefined;
}

/**
 * Ends services that outlived their supervisor: possible only when their leash was killed with it.
 * To be called by the holder of the lock.
 */
export async function endStaleServices(dataDir: string): Promise<void> {
  const state = readJson<RunState>(stateFile(dataDir));
  if (!state) return;
  await Promise.all(Object.values(state.processes).map((identity) => endProcess(identity, STALE_GRACE_MS)));
}

export interface RunStateWriter {
  started(name: ServiceName, identity: ProcessIdentity): void;
  ready(addresses: Addresses): void;
  /** Nothing runs any more. */
  stopped(): void;
}

export function openRunState(dataDir: string): RunStateWriter {
  let state: RunState = { supervisor: identify(process.pid)!, processes: {} };
  const update = (change: Partial<RunState>) => {
    state = { ...state, ...change };
    writeJson(stateFile(dataDir), state);
  };
  update({});
  return {
    started: (name, identity) => update({ processes: { ...state.processes, [name]: identity } }),
    ready: (addresses) => update({ addresses }),
    stopped: () => rmSync(stateFile(dataDir), { force: true }),
  };
}
