/** A hospital in a temporary folder, on the real services, for tests of the whole street. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { createKeystore } from '../../core/keystore/keystore.ts';
import { createLog } from '../../core/log.ts';
import type { ReadLimits } from '../../core/types.ts';
import { embeddedSigner, type Services, startServices } from '../../services/index.ts';
import { type Bridge, type BridgeOptions, dataPaths, openBridge } from '../bridge.ts';
import type { FeedDefinition } from '../sources.ts';
import { type ListEntry, listConnector } from './list-connector.ts';

export const PASSPHRASE = 'a passphrase for tests';
const LIMITS: ReadLimits = { items: 4, bytes: 1 << 20, itemBytes: 1 << 16 };

export interface TestHospital {
  readonly folder: string;
  readonly services: Services;
  readonly logFile: string;
  /** A data folder of its own for each name: journal, spool and keystore, on the shared services. */
  open(name: string, feeds: readonly FeedDefinition[], limits?: Partial<ReadLimits>): Promise<Bridge>;
  /** The same data folder again, as after a restart. */
  reopen: TestHospital['open'];
  options(name: string, feeds: readonly FeedDefinition[], limits?: Partial<ReadLimits>): BridgeOptions;
  stop(): Promise<void>;
}

export async function startHospital(): Promise<TestHospital> {
  const folder = mkdtempSync(join(tmpdir(), 'dhc-flows-'));
  const logFile = join(folder, 'bridge.log');
  const log = createLog({ file: logFile });
  const services = await startServices({ dataDir: join(folder, 'services'), log, chain: { confirmations: 2 } });
  const options: TestHospital['options'] = (name, feeds, limits = {}) =>
    bridgeOptions({ folder, services, name, feeds, limits, logFile });
  return {
    folder,
    services,
    logFile,
    options,
    async open(name, feeds, limits) {
      await ensureKeystore(join(folder, name));
      await ensureNamespace(services.temporal.address, name);
      return openBridge(options(name, feeds, limits));
    },
    reopen: (name, feeds, limits) => openBridge(options(name, feeds, limits)),
    async stop() {
      await services.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function bridgeOptions(place: {
  folder: string;
  services: Pick<Services, 'temporal' | 'kubo' | 'chain'>;
  name: string;
  feeds: readonly FeedDefinition[];
  limits?: Partial<ReadLimits>;
  logFile: string;
  /** Private key; without it the embedded chain's own account. */
  signer?: string;
}): BridgeOptions {
  const { temporal, kubo, chain } = place.services;
  return {
    hospital: { id: 'chenguang', name: 'Chenguang Hospital', timezone: 'Asia/Shanghai' },
    dataDir: join(place.folder, place.name),
    passphrase: PASSPHRASE,
    feeds: place.feeds,
    limits: { ...LIMITS, ...place.limits },
    services: {
      temporal: { address: temporal.address, namespace: place.name },
      kubo: { api: kubo.api },
      chain: { rpc: chain.rpc, signer: place.signer ?? embeddedSigner.privateKey, confirmations: 2 },
    },
    log: createLog({ file: place.logFile }),
  };
}

export async function ensureKeystore(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  (await createKeystore(dataPaths(dataDir).keystore, PASSPHRASE)).close();
}

/** Each hospital has its own: payloads are encrypted with its keys, and task queues have the same names everywhere. */
export async function ensureNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    const workflowExecutionRetentionPeriod = msToTs('1 day');
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    for (let tries = 0; tries < 100; tries++) {
      const found = await connection.workflowService
        .listOpenWorkflowExecutions({ namespace, startTimeFilter: {}, maximumPageSize: 1 })
        .catch(() => undefined);
      if (found) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await connection.close();
  }
}

export function listFeed(
  name: string,
  items: readonly ListEntry[],
  settled?: (keys: readonly string[], outcome: string) => void,
) {
  return { name, connector: listConnector, config: { items, ...(settled ? { settled } : {}) } } as FeedDefinition;
}

/** Values that must never be seen outside sealed content. */
export const CANARIES = ['CANARY-7731', 'Zhang-Canary', '99010119780312'];

/** A patient and observations of the patient, all full of canaries. */
export function observations(count: number, from = 0): ListEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `CANARY-7731-${from + index}`;
    const body = JSON.stringify({
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }], text: 'Zhang-Canary heart rate' },
      subject: {
        identifier: { system: 'urn:oid:2.16.156.10011.1.13.990001', value: `99010119780312${index % 3}` },
        display: 'Zhang-Canary',
      },
      valueQuantity: { value: 60 + index, unit: '/min' },
    });
    return { key: `Observation/${id}`, body };
  });
}
