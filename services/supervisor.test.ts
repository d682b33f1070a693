import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findBinary } from './find.ts';
import { readRunState } from './state.ts';
import { attachServices, type ServiceOptions, type Services, startServices } from './supervisor.ts';
import { listeningAddresses, processesOf, recordedLog, testFolder, until } from './testing/fixtures.ts';

const complete = await Promise.all((['temporal', 'kubo', 'anvil'] as const).map(findBinary)).then(
  () => true,
  () => false,
);

async function start(dataDir: string, options: Partial<ServiceOptions> = {}): Promise<Services> {
  const services = await startServices({ dataDir, log: recordedLog(), ...options });
  onTestFinished(() => services.stop());
  return services;
}

/** A supervisor in a process of its own; resolves when its services answer. */
async function startElsewhere(dataDir: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('testing/supervisor-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', reject);
  });
  return child;
}

async function temporalClient(services: Services): Promise<Client> {
  const connection = await Connection.connect({ address: services.temporal.address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

const statuses = async (services: Services) => (await services.health()).map(({ status }) => status);
const pidOf = (dataDir: string, name: 'temporal' | 'kubo' | 'chain') => readRunState(dataDir)!.processes[name]!.pid;

describe.skipIf(!complete)('with the real programs', () => {
  test('all three start from nothing, answer, and listen on loopback only', async () => {
    const dataDir = testFolder();
    const lines: string[] = [];
    const services = await start(dataDir, {
      onProgress: (line) => lines.push(line),
      temporal: { namespace: 'hospital' },
    });
    expect(services.temporal.namespace).toBe('hospital');
    expect(await statuses(services)).toEqual(['ok', 'ok', 'ok']);
    expect(services.chain.chainId).toBe(31337);
    expect(lines).toHaveLength(3);
    for (const name of ['temporal', 'kubo', 'chain'] as const) {
      const addresses = listeningAddresses(pidOf(dataDir, name));
      expect(addresses.length, name).toBeGreaterThan(0);
      expect(addresses.filter((address) => address !== '127.0.0.1')).toEqual([]);
    }
  });

  test('a stop leaves no process, and the next start has the same addresses and the same workflows', async () => {
    const dataDir = testFolder();
    const first = await start(dataDir);
    const client = await temporalClient(first);
    await client.workflow.start('nobody-runs-it', { workflowId: 'kept', taskQueue: 'none' });
    await first.stop();
    expect(processesOf(dataDir)).toEqual([]);

    const second = await start(dataDir);
    expect(second.temporal).toEqual(first.temporal);
    expect(second.kubo).toEqual(first.kubo);
    expect(second.chain).toEqual(first.chain);
    const kept = await (await temporalClient(second)).workflow.getHandle('kept').describe();
    expect(kept.status.name).toBe('RUNNING');
  });

  test('kill -9 of the supervisor ends every service within two seconds, and a new one takes over', async () => {
    const dataDir = testFolder();
    const supervisor = await startElsewhere(dataDir);
    expect(processesOf(dataDir).length).toBeGreaterThanOrEqual(7); // itself, and each service with its leash
    supervisor.kill('SIGKILL');
    await until('nothing runs any more', () => processesOf(dataDir).length === 0, 2_000);
    expect(await statuses(await start(dataDir))).toEqual(['ok', 'ok', 'ok']);
  });

  test('what outlived its supervisor and its leash is ended by the next supervisor', async () => {
    const dataDir = testFolder();
    const supervisor = await startElsewhere(dataDir);
    const names = ['temporal', 'kubo', 'chain'] as const;
    const services = names.map((name) => pidOf(dataDir, name));
    // Held still first, so that it cannot clean up behind the leashes that are killed now.
    supervisor.kill('SIGSTOP');
    const leashes = processesOf(dataDir).filter((pid) => pid !== supervisor.pid && !services.includes(pid));
    for (const pid of leashes) process.kill(pid, 'SIGKILL');
    supervisor.kill('SIGKILL');
    await new Promise((resolve) => supervisor.once('exit', resolve));
    expect(processesOf(dataDir).sort()).toEqual(services.sort());

    await start(dataDir);
    expect(processesOf(dataDir).filter((pid) => services.includes(pid))).toEqual([]);
  });

  test('a second supervisor is refused, and another process may use the services of the first', async () => {
    const dataDir = testFolder();
    const supervisor = await startElsewhere(dataDir);
    await expect(start(dataDir)).rejects.toMatchObject({ code: 'cli.busy' });
    const attached = await attachServices(dataDir);
    expect(await statuses(attached)).toEqual(['ok', 'ok', 'ok']);
    await attached.stop();
    expect(await statuses(attached)).toEqual(['ok', 'ok', 'ok']);

    supervisor.kill('SIGTERM');
    await new Promise((resolve) => supervisor.once('exit', resolve));
    expect(processesOf(dataDir)).toEqual([]);
    await expect(attachServices(dataDir)).rejects.toMatchObject({ code: 'service.unreachable' });
  });

  test('a service that dies is started again on its address, and health tells of it', async () => {
    const dataDir = testFolder();
    const log = recordedLog();
    const services = await start(dataDir, { log });
    process.kill(pidOf(dataDir, 'kubo'), 'SIGKILL');
    await until('it is not well', async () => (await statuses(services))[1] !== 'ok');
    await until('it is well again', async () => (await statuses(services))[1] === 'ok');
    expect((await services.health())[1]).toMatchObject({ name: 'kubo', restarts: 1, address: services.kubo.api });
    expect(log.events).toContain('service died and is started again');
  });

  test('a configured address is used and left running; an unreachable one stops what was started', async () => {
    const first = await start(testFolder());
    const dataDir = testFolder();
    const second = await start(dataDir, { chain: { rpc: first.chain.rpc }, kubo: { api: first.kubo.api } });
    expect(second.chain).toEqual({ ...first.chain, embedded: false });
    await second.stop();
    expect(await statuses(first)).toEqual(['ok', 'ok', 'ok']);

    await expect(start(dataDir, { chain: { rpc: 'http://127.0.0.1:9' } })).rejects.toMatchObject({
      code: 'service.unreachable',
    });
    expect(processesOf(dataDir)).toEqual([]);
    await start(dataDir, { chain: { rpc: first.chain.rpc } });
  });

  test('a configured port that is taken is refused before anything starts', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const port = (server.address() as { port: number }).port;
    await expect(start(testFolder(), { chain: { port } })).rejects.toMatchObject({ code: 'service.port-taken' });
  });

  test('no secret of ours is in what the services print', async () => {
    const dataDir = testFolder();
    await start(dataDir);
    expect(readFileSync(join(dataDir, 'logs', 'chain.log'), 'utf8')).not.toMatch(
      /mnemonic|private key|0x[0-9a-f]{64}/i,
    );
  });
});

test.skipIf(!complete)('a missing program is named with the command that gets it', async () => {
  const { PATH, DHC_CACHE } = process.env;
  onTestFinished(() => {
    process.env.PATH = PATH;
    if (DHC_CACHE === undefined) delete process.env.DHC_CACHE;
    else process.env.DHC_CACHE = DHC_CACHE;
  });
  process.env.DHC_CACHE = testFolder();
  process.env.PATH = ['/usr/bin', '/bin'].join(delimiter);
  const dataDir = testFolder();
  await expect(start(dataDir)).rejects.toMatchObject({
    code: 'service.missing',
    hint: 'run `node setup.mjs --services`',
  });
  expect(processesOf(dataDir)).toEqual([]);
});
