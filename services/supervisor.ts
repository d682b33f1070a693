/** Starts, watches and stops the real parts of one data folder: Temporal, Kubo and the chain. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BridgeError } from '../core/errors.ts';
import type { Log } from '../core/types.ts';
import { EMBEDDED_CHAIN_ID, embeddedChain } from './chain/anvil.ts';
import { findBinary } from './find.ts';
import { embeddedKubo } from './kubo/kubo.ts';
import { tryLock } from './lock.ts';
import { openLogFile } from './log-file.ts';
import type { Part } from './parts.ts';
import { choosePorts, type Ports } from './ports.ts';
import { probeChain, probeKubo, probeTemporal } from './probes.ts';
import {
  type Addresses,
  endStaleServices,
  lockFile,
  openRunState,
  type RunStateWriter,
  readRunState,
} from './state.ts';
import { type Embedded, type ServiceName, type Supervised, supervise } from './supervise.ts';
import { embeddedTemporal } from './temporal.ts';

export interface ServiceOptions {
  /** Absolute path; everything that the services keep lies below it. */
  readonly dataDir: string;
  /** `address` is host:port of a running frontend; `port` and `uiPort` are for the embedded one. */
  readonly temporal?: {
    readonly address?: string;
    /** Default: `default`. On the embedded server it is created. */
    readonly namespace?: string;
    readonly port?: number;
    readonly uiPort?: number;
  };
  /** `api` is the base URL of a running node's RPC; the ports are for the embedded one. */
  readonly kubo?: { readonly api?: string; readonly apiPort?: number; readonly gatewayPort?: number };
  /** `rpc` is the URL of a running chain; `port` and `confirmations` are for the embedded one, which grows that deep. */
  readonly chain?: { readonly rpc?: string; readonly port?: number; readonly confirmations?: number };
  readonly log: Log;
  /** Told in one sentence what has been reached. */
  readonly onProgress?: (line: string) => void;
}

export interface ServiceHealth {
  readonly name: ServiceName;
  readonly status: 'ok' | 'restarting' | 'unreachable';
  readonly address: string;
  readonly embedded: boolean;
  /** How often it died and was started again; 0 for a configured one and where it is not known. */
  readonly restarts: number;
}

export interface Services extends Addresses {
  health(): Promise<ServiceHealth[]>;
  /** Stops what was started here; for attached services it does nothing. */
  stop(): Promise<void>;
}

/**
 * Starts what is not configured, all at once, and returns when everything answers.
 * @throws BridgeError `cli.busy` (another process supervises this folder), `service.missing`,
 * `service.port-taken`, `service.failed`, `service.unreachable` (a configured address)
 */
export async function startServices(options: ServiceOptions): Promise<Services> {
  const { dataDir } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = tryLock(lockFile(dataDir));
  if (!lock) throw new BridgeError('cli.busy', 'another process runs the services of this data folder');
  try {
    await endStaleServices(dataDir);
    const state = openRunState(dataDir);
    const running = await startAll(options, state).catch((error) => {
      state.stopped();
      throw error;
    });
    state.ready(running.addresses);
    return {
      ...running.addresses,
      health: () => health(running.addresses, running.supervised),
      stop: once(async () => {
        await stopAll(running.supervised);
        state.stopped();
        lock.release();
      }),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The services that another process runs on this data folder; waits while they start.
 * @throws BridgeError `service.unreachable` when none does
 */
export async function attachServices(dataDir: string): Promise<Services> {
  for (;;) {
    const state = readRunState(dataDir);
    if (!state) {
      throw new BridgeError('service.unreachable', 'no process runs the services of this data folder', {
        hint: 'start the bridge with `dhc start`',
      });
    }
    const { addresses } = state;
    if (addresses) return { ...addresses, health: () => health(addresses, {}), stop: async () => {} };
    await delay(100);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

type SupervisedServices = Partial<Record<ServiceName, Supervised>>;

function wantedPorts(options: ServiceOptions): Parameters<typeof choosePorts>[1] {
  const { temporal, kubo, chain } = options;
  return {
    ...(temporal?.address === undefined && { temporal: temporal?.port }),
    ...(temporal?.address === undefined && temporal?.uiPort !== undefined && { 'temporal-ui': temporal.uiPort }),
    ...(kubo?.api === undefined && { 'kubo-api': kubo?.apiPort, 'kubo-gateway': kubo?.gatewayPort }),
    ...(chain?.rpc === undefined && { chain: chain?.port }),
  };
}

/** Where everything will answer. What is configured is asked now, before anything is started. */
async function resolveAddresses(options: ServiceOptions, ports: Ports): Promise<Addresses> {
  const { temporal, kubo, chain } = options;
  const namespace = temporal?.namespace ?? 'default';
  if (temporal?.address !== undefined) await probeTemporal(temporal.address, namespace);
  if (kubo?.api !== undefined) await probeKubo(kubo.api);
  const chainId = chain?.rpc === undefined ? EMBEDDED_CHAIN_ID : await probeChain(chain.rpc);
  return {
    temporal: {
      address: temporal?.address ?? `127.0.0.1:${ports.temporal}`,
      namespace,
      embedded: temporal?.address === undefined,
    },
    kubo: {
      api: kubo?.api ?? `http://127.0.0.1:${ports['kubo-api']}`,
      gateway: kubo?.api === undefined ? `http://127.0.0.1:${ports['kubo-gateway']}` : undefined,
      embedded: kubo?.api === undefined,
    },
    chain: { rpc: chain?.rpc ?? `http://127.0.0.1:${ports.chain}`, chainId, embedded: chain?.rpc === undefined },
  };
}

async function startAll(
  options: ServiceOptions,
  state: RunStateWriter,
): Promise<{ addresses: Addresses; supervised: SupervisedServices }> {
  const { dataDir, log, onProgress } = options;
  const ports = await choosePorts(dataDir, wantedPorts(options));
  const addresses = await resolveAddresses(options, ports);
  const supervised: SupervisedServices = {};

  async function start(name: ServiceName, part: Part, embed: (binary: string) => Embedded): Promise<void> {
    if (addresses[name].embedded) {
      const service = embed(await findBinary(part));
      const logFile = openLogFile(join(dataDir, 'logs', `${name}.log`));
      supervised[name] = await supervise(service, { log, logFile, onStarted: state.started.bind(undefined, name) });
    }
    onProgress?.(`${name} answers at ${addressOf(name, addresses)}`);
  }

  const outcomes = await Promise.allSettled([
    start('temporal', 'temporal', (binary) =>
      embeddedTemporal(binary, {
        dataDir,
        port: ports.temporal!,
        uiPort: options.temporal?.uiPort,
        namespace: addresses.temporal.namespace,
      }),
    ),
    start('kubo', 'kubo', (binary) =>
      embeddedKubo(binary, dataDir, { api: ports['kubo-api']!, gateway: ports['kubo-gateway']! }),
    ),
    start('chain', 'anvil', (binary) => embeddedChain(binary, dataDir, ports.chain!, options.chain?.confirmations)),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return { addresses, supervised };
  await stopAll(supervised);
  throw failed.reason;
}

async function stopAll(supervised: SupervisedServices): Promise<void> {
  await Promise.all(Object.values(supervised).map((service) => service.stop()));
}

async function health(addresses: Addresses, supervised: SupervisedServices): Promise<ServiceHealth[]> {
  const names: ServiceName[] = ['temporal', 'kubo', 'chain'];
  return Promise.all(
    names.map(async (name) => {
      const answers = await probe(name, addresses).then(
        () => true,
        () => false,
      );
      const service = supervised[name];
      const status = answers ? 'ok' : service?.state === 'restarting' ? 'restarting' : 'unreachable';
      const address = addressOf(name, addresses);
      return { name, status, address, embedded: addresses[name].embedded, restarts: service?.restarts ?? 0 };
    }),
  );
}

async function probe(name: ServiceName, addresses: Addresses): Promise<void> {
  if (name === 'temporal') await probeTemporal(addresses.temporal.address, addresses.temporal.namespace);
  else if (name === 'kubo') await probeKubo(addresses.kubo.api);
  else await probeChain(addresses.chain.rpc);
}

function addressOf(name: ServiceName, addresses: Addresses): string {
  if (name === 'temporal') return addresses.temporal.address;
  return name === 'kubo' ? addresses.kubo.api : addresses.chain.rpc;
}
