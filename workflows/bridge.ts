/** One hospital's bridge: the object over which command line, demo and console work. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Anchorer } from '../anchor/chain/anchorer.ts';
import type { PacketName } from '../anchor/seal/key-packet.ts';
import { SealPool } from '../anchor/seal/pool.ts';
import { Kubo } from '../anchor/store/kubo.ts';
import { PinningService } from '../anchor/store/pinning-service.ts';
import { type CopyTarget, KuboReplica } from '../anchor/store/replica.ts';
import { type Accounting, type BatchState, type Journal, openJournal } from '../core/journal/index.ts';
import { type Keystore, openKeystore } from '../core/keystore/keystore.ts';
import type { MasterWrap } from '../core/keystore/master-wrap.ts';
import { createMetrics, type Metrics } from '../core/metrics.ts';
import { openSpool, type Spool, type Usage } from '../core/spool/spool.ts';
import type { Listener, Log, ReadLimits } from '../core/types.ts';
import { type HospitalContext, normalize } from '../normalizer/index.ts';
import { cacheDir } from '../services/index.ts';
import { type BridgeChain, type ChainOptions, openChain } from './chain.ts';
import { connectFlows, type Flows, type FollowOptions } from './client.ts';
import { dataConverter } from './codec.ts';
import type { IngestMode, IngestProgress } from './flows/contract.ts';
import { type Retried, retryLetters } from './retry.ts';
import { type FeedDefinition, openSources, type Sources } from './sources.ts';
import { sweepSpool } from './sweep.ts';
import { type RunningWorker, startWorker } from './worker.ts';

export interface BridgeOptions {
  readonly hospital: HospitalContext & { readonly assigners?: Readonly<Record<string, string>> };
  /** Absolute path; journal, spool, keystore and CAR files lie below it. */
  readonly dataDir: string;
  readonly passphrase: string;
  /** The keystore's second lock, where it was made with one. */
  readonly masterWrap?: MasterWrap;
  /** Kind of the key packets of new records; default `hpke`. */
  readonly keyPacket?: PacketName;
  readonly feeds: readonly FeedDefinition[];
  readonly limits: ReadLimits;
  /** Where the services are; looked at when first needed. */
  readonly services: {
    /** host:port */
    readonly temporal: { readonly address: string; readonly namespace?: string };
    /** Base URL of the RPC. */
    readonly kubo: {
      readonly api: string;
      /** Base URLs of further nodes. */
      readonly replicas?: readonly string[];
      readonly pinning?: readonly { readonly endpoint: string; readonly token: string }[];
      /** Places, the first node among them, that must have a batch before it is anchored. Default 1. */
      readonly required?: number;
      /** Days that CAR files are kept after finality. Default: for ever. */
      readonly archiveDays?: number;
    };
    readonly chain: ChainOptions;
  };
  readonly log: Log;
}

export interface BridgeStatus {
  readonly feeds: readonly Accounting[];
  readonly batches: Partial<Record<BatchState, number>>;
  readonly openLetters: number;
  readonly spool: Usage;
  readonly journalBytes: number;
}

export interface Bridge {
  readonly journal: Journal;
  readonly spool: Spool;
  readonly keystore: Keystore;
  readonly metrics: Metrics;
  readonly sources: Sources;
  readonly kubo: Kubo;
  /** Further places that get every batch. */
  readonly copyTargets: readonly CopyTarget[];
  /** The contracts, once they are known. */
  chain(): Promise<BridgeChain>;
  /** Workers of this process; goes on with whatever an earlier process left between two steps. */
  startWorker(): Promise<void>;
  /** Opens the listeners of feeds that are pushed to and reads them continuously. */
  startListeners(feeds?: readonly string[]): Promise<readonly { feed: string; listener: Listener }[]>;
  /**
   * Runs a feed and follows it; needs a worker here or in another process. When the signal aborts, the steps in
   * hand are finished and the progress says `cancelled`.
   * @throws BridgeError with the code of the step that failed
   */
  runFeed(feed: string, options?: FollowOptions & { mode?: IngestMode }): Promise<IngestProgress>;
  /** Until everything that was read is anchored and final. @returns false when it ended before by signal or time */
  waitAnchored(options?: {
    signal?: AbortSignal;
    timeoutMs?: number;
    onProgress?: (open: number) => void;
  }): Promise<boolean>;
  status(): Promise<BridgeStatus>;
  /** @param letters ids of dead letters; others than open ones are passed over */
  retryDeadLetters(letters: readonly number[], options?: { signal?: AbortSignal }): Promise<Retried>;
  /** Temporal's side: schedules, progress, wake, resume, stop. */
  flows(): Promise<Flows>;
  close(): Promise<void>;
}

const OPEN_STATES = ['read', 'normalized', 'sealed', 'stored', 'included'] as const;
const WATCH_MS = 200;
const ANCHOR_POLL_MS = 250;
/** A burst of pushed messages wakes the feed once. */
const WAKE_MS = 100;

export function dataPaths(dataDir: string) {
  return {
    keystore: join(dataDir, 'keystore.json'),
    journal: join(dataDir, 'journal.db'),
    spool: join(dataDir, 'spool'),
    cars: join(dataDir, 'cars'),
  };
}

/** Opens keystore, journal and spool; connects to nothing yet. @throws BridgeError `keystore.*` */
export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const { hospital, services, limits, log } = options;
  const paths = dataPaths(options.dataDir);
  const keystore = await openKeystore(paths.keystore, options.passphrase, options.masterWrap);
  const journal = openJournal(paths.journal, {
    digestKey: keystore.hospitalKey('dhc/digest/1'),
    columnKey: keystore.hospitalKey('dhc/journal/1'),
  });
  const spool = await openSpool(paths.spool, keystore);
  const metrics = createMetrics();
  const kubo = new Kubo({ url: services.kubo.api });
  const sealPool = new SealPool();
  const copyTargets = openCopyTargets(kubo, services.kubo);
  const wakes = new Map<string, NodeJS.Timeout>();
  const waking = new Set<Promise<void>>();
  const listeners: Listener[] = [];
  const continuous = new Set<string>();
  let worker: RunningWorker | undefined;

  const sources = openSources({
    feeds: options.feeds,
    timezone: hospital.timezone,
    journal,
    spool,
    log,
    onPushed: (feed) => wakeSoon(feed),
  });
  const converter = dataConverter(keystore.hospitalKey('dhc/payload/1'));
  const namespace = services.temporal.namespace ?? 'default';
  const address = services.temporal.address;
  const flows = once(() => connectFlows({ address, namespace, dataConverter: converter, timezone: hospital.timezone }));
  const chain = once(() => openChain(services.chain, hospital.id, keystore));

  function wakeSoon(feed: string): void {
    if (wakes.has(feed)) return;
    const wake = async () => {
      wakes.delete(feed);
      await (await flows()).wake(feed);
    };
    const failed = () => log.warn('a feed could not be woken', { feed, service: 'temporal' });
    const begin = () => {
      const call = wake().catch(failed);
      waking.add(call);
      void call.finally(() => waking.delete(call));
    };
    wakes.set(feed, setTimeout(begin, WAKE_MS));
  }

  async function requestAnchor(batch: string): Promise<void> {
    const { chainId, signer } = await chain();
    await (await flows()).requestAnchor({ chainId, signer }, batch);
  }

  /** What an earlier process left: between steps to the feed's workflow, beyond them to the anchoring. */
  async function reconcile(): Promise<void> {
    const open = await journal.batches({ states: ['read', 'normalized', 'sealed'], limit: 100_000 });
    for (const feed of new Set(open.map((batch) => batch.feed))) await (await flows()).start(feed, 'finish');
    const [stored] = await journal.batches({ states: ['stored', 'included', 'final'], newestFirst: true, limit: 1 });
    if (stored) await requestAnchor(stored.id);
  }

  return {
    journal,
    spool,
    keystore,
    metrics,
    sources,
    kubo,
    copyTargets,
    chain,
    flows,

    async startWorker() {
      if (worker) return;
      const { rpc, chainId, contract, wallet } = await chain();
      const finality = services.chain.confirmations;
      const anchorer = new Anchorer({ rpc, chainId, contract, signer: wallet, store: journal, finality });
      const steps = {
        hospital,
        assigners: hospital.assigners,
        limits,
        carFolder: paths.cars,
        archiveDays: services.kubo.archiveDays,
        journal,
        spool,
        keystore,
        sealPool,
        keyPacket: options.keyPacket ?? 'hpke',
        sources,
        normalize,
        kubo,
        copies: { targets: copyTargets, required: services.kubo.required ?? 1 },
        anchorer,
        chainId,
        anchorPollMs: ANCHOR_POLL_MS,
        log,
        metrics,
        requestAnchor,
      };
      await sweepSpool(spool, journal);
      await (await flows()).takeOver(sources.names(), await chain());
      worker = await startWorker({
        address,
        namespace,
        dataConverter: converter,
        cache: join(cacheDir(), 'workflows'),
        steps,
      });
      await reconcile();
    },

    async startListeners(feeds = sources.names()) {
      const started: { feed: string; listener: Listener }[] = [];
      for (const feed of feeds) {
        const { source, push } = sources.get(feed);
        if (!push || !source.listen) continue;
        const listener = await source.listen();
        listeners.push(listener);
        started.push({ feed, listener });
        continuous.add(feed);
        await (await flows()).start(feed, 'stay');
      }
      return started;
    },

    async runFeed(feed, { mode = 'drain', ...follow } = {}) {
      sources.get(feed);
      const running = await flows();
      await running.start(feed, mode);
      return running.follow(feed, follow);
    },

    async waitAnchored({ signal, timeoutMs = Number.POSITIVE_INFINITY, onProgress } = {}) {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const open = await journal.batches({ states: OPEN_STATES });
        onProgress?.(open.length);
        if (open.length === 0) return true;
        if (signal?.aborted || Date.now() >= end) return false;
        await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      }
    },

    async status() {
      const journalBytes = await sizeOf(paths.journal);
      const openLetters = await journal.openLetters();
      metrics.journalBytes(journalBytes);
      for (const [feed, count] of Object.entries(openLetters)) metrics.deadLetters(feed, count);
      return {
        feeds: await journal.accounting(),
        batches: await journal.batchCounts(),
        openLetters: Object.values(openLetters).reduce((sum, count) => sum + count, 0),
        spool: spool.usage(),
        journalBytes,
      };
    },

    async retryDeadLetters(letters, { signal } = {}) {
      const retried = await retryLetters({ journal, spool, sources, limits }, letters, signal);
      for (const feed of retried.feeds) await (await flows()).start(feed, 'finish');
      return retried;
    },

    async close() {
      for (const timer of wakes.values()) clearTimeout(timer);
      await Promise.all(waking);
      await Promise.all(listeners.map((listener) => listener.close()));
      if (flows.started()) for (const feed of continuous) await (await flows()).stop(feed).catch(() => {});
      await worker?.shutdown();
      await sealPool.close();
      if (flows.started()) await (await flows()).close();
      await sources.close();
      spool.close();
      journal.close();
      keystore.close();
    },
  };
}

function openCopyTargets(first: Kubo, options: BridgeOptions['services']['kubo']): CopyTarget[] {
  const { replicas = [], pinning = [] } = options;
  return [
    ...replicas.map((url) => new KuboReplica(new URL(url).host, new Kubo({ url }), first)),
    ...pinning.map((service) => new PinningService({ ...service, first })),
  ];
}

/** The write-ahead log is a part of the journal. */
async function sizeOf(path: string): Promise<number> {
  const files = await Promise.all([path, `${path}-wal`].map((file) => stat(file).catch(() => ({ size: 0 }))));
  return files.reduce((sum, file) => sum + file.size, 0);
}

/** The same promise for every caller; a failure is not kept. */
function once<T>(make: () => Promise<T>): (() => Promise<T>) & { started(): boolean } {
  let made: Promise<T> | undefined;
  const get = () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(get, { started: () => made !== undefined });
}
