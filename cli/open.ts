/** Opens what a command needs: the journal alone, the running services, or services and a worker of its own. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '../connectors/index.ts';
import { readSecret } from '../core/config/fields.ts';
import type { BridgeConfig } from '../core/config/schema.ts';
import { BridgeError } from '../core/errors.ts';
import { configuredWrap } from '../core/keystore/configured-wrap.ts';
import { createKeystore } from '../core/keystore/keystore.ts';
import type { MasterWrap } from '../core/keystore/master-wrap.ts';
import { createLog } from '../core/log.ts';
import type { Connector, Log, SourceKind } from '../core/types.ts';
import { attachServices, EMBEDDED_CHAIN_ID, embeddedSigner, type Services, startServices } from '../services/index.ts';
import { type Lock, tryLock } from '../services/lock.ts';
import { readRunState } from '../services/state.ts';
import { type Bridge, dataPaths, openBridge } from '../workflows/bridge.ts';
import { readMap } from './map/compiled.ts';

export interface Opened {
  readonly bridge: Bridge;
  readonly services: Services | undefined;
  /** Whether this process works on the steps; otherwise another one does. */
  readonly works: boolean;
  readonly log: Log;
  close(): Promise<void>;
}

/** `journal`: no service is needed. `running`: attached if some run. `services`: attached or started. `worker`: this process or another works on the steps. */
export type Need = 'journal' | 'running' | 'services' | 'worker';

export async function open(config: BridgeConfig, need: Need, onProgress?: (line: string) => void): Promise<Opened> {
  const log = createLog({ file: join(config.data, 'logs', 'bridge.log') });
  const passphrase = readSecret(config.keystore.passphrase);
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const wrap = configuredWrap(config.keystore);
  await makeKeystore(config, passphrase, wrap);
  const services = await servicesFor(need, config, log, onProgress);
  let lock: Lock | undefined;
  let bridge: Bridge | undefined;
  try {
    bridge = await openBridge({
      ...bridgeOptions(config, passphrase, services, log),
      ...(wrap && { masterWrap: wrap }),
    });
    lock = need === 'worker' ? tryLock(join(config.data, 'run', 'worker.lock')) : undefined;
    if (lock) await bridge.startWorker();
  } catch (error) {
    lock?.release();
    await bridge?.close().catch(() => {});
    await services?.stop();
    throw error;
  }
  return {
    bridge,
    services,
    works: lock !== undefined,
    log,
    async close() {
      await bridge.close();
      lock?.release();
      await services?.stop();
    },
  };
}

/** A first start makes the keystore; a data folder that lost it is not touched. */
async function makeKeystore(config: BridgeConfig, passphrase: string, wrap: MasterWrap | undefined): Promise<void> {
  const paths = dataPaths(config.data);
  if (existsSync(paths.keystore)) return;
  if (existsSync(paths.journal)) {
    throw new BridgeError('keystore.missing', 'the data folder has a journal and no keystore', {
      hint: 'restore keystore.json and keystore.db from backup; a new keystore would open none of the records',
    });
  }
  (await createKeystore(paths.keystore, passphrase, wrap)).close();
}

async function servicesFor(need: Need, config: BridgeConfig, log: Log, onProgress?: (line: string) => void) {
  if (need === 'journal') return undefined;
  if (need === 'running') return readRunState(config.data)?.addresses && (await attachServices(config.data));
  return startOrAttach(config, log, onProgress);
}

async function startOrAttach(config: BridgeConfig, log: Log, onProgress?: (line: string) => void): Promise<Services> {
  try {
    return await startServices({
      dataDir: config.data,
      temporal: config.services.temporal,
      kubo: {
        ...(config.services.kubo.api && { api: config.services.kubo.api }),
        ...(config.services.kubo.port && { apiPort: config.services.kubo.port }),
      },
      chain: config.services.chain,
      log,
      ...(onProgress && { onProgress }),
    });
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'cli.busy') return attachServices(config.data);
    throw error;
  }
}

function bridgeOptions(config: BridgeConfig, passphrase: string, services: Services | undefined, log: Log) {
  const { chain, temporal, kubo } = config.services;
  const embedded = services?.chain.embedded ?? !chain.rpc;
  if (!embedded && !chain.signer) {
    throw new BridgeError('config.invalid', 'services.chain.rpc is given without services.chain.signer', {
      hint: "name the signer's key as ${env:NAME} or file:PATH",
    });
  }
  return {
    hospital: config.hospital,
    dataDir: config.data,
    passphrase,
    keyPacket: config.sealing.keyPacket,
    feeds: enabledFeeds(config),
    limits: { items: config.limits.batchItems, bytes: config.limits.batchBytes, itemBytes: config.limits.itemBytes },
    services: {
      temporal: { address: services?.temporal.address ?? temporal.address ?? '', namespace: temporal.namespace },
      kubo: {
        api: services?.kubo.api ?? kubo.api ?? 'http://127.0.0.1:0',
        replicas: kubo.replicas,
        pinning: kubo.pinning.map(({ endpoint, token }) => ({ endpoint, token: readSecret(token) })),
        required: kubo.required,
        ...(kubo.archiveDays !== undefined && { archiveDays: kubo.archiveDays }),
      },
      chain: {
        rpc: services?.chain.rpc ?? chain.rpc ?? 'http://127.0.0.1:0',
        chainId: chain.chainId ?? (embedded ? EMBEDDED_CHAIN_ID : undefined),
        contract: chain.contract,
        consent: chain.consent,
        signer: chain.signer ? readSecret(chain.signer) : embeddedSigner.privateKey,
        confirmations: chain.confirmations,
      },
    },
    log,
  };
}

/** Definitions for the bridge: the connector's part of each feed, without the keys that every feed has. */
export function enabledFeeds(config: BridgeConfig) {
  return Object.entries(config.feeds)
    .filter(([, feed]) => feed.enabled)
    .map(([name, { enabled: _enabled, schedule: _schedule, map, ...rest }]) => ({
      name,
      ...(map && { map: readMap(map) }),
      connector: connectors[rest.kind as SourceKind] as unknown as Connector,
      config: rest as unknown,
    }));
}
