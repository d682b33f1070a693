/** The hospital's archive: a real Orthanc with its DICOMweb plugin, on loopback, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface OrthancOptions {
  /** Database, log and configuration; emptied by whoever made it. */
  readonly dir: string;
  /** Free ports when left out. */
  readonly httpPort?: number;
  readonly dicomPort?: number;
}

export interface Orthanc {
  /** `http://127.0.0.1:PORT/dicom-web` */
  readonly dicomweb: string;
  /** REST API. */
  readonly rest: string;
  readonly dicomPort: number;
  /** Stores one instance. */
  upload(file: Uint8Array): Promise<void>;
  /** Removes every study. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin'];
const PLUGIN_FOLDERS = ['/usr/share/orthanc/plugins', '/usr/local/share/orthanc/plugins', '/usr/lib/orthanc'];
const START_SECONDS = 30;

/** Where the program and the plugin are, or null. */
export function findOrthanc(): { program: string; plugin: string } | null {
  const program = firstThere(
    [...(process.env.PATH ?? '').split(delimiter), ...PROGRAM_FOLDERS],
    'Orthanc',
    constants.X_OK,
  );
  const plugin = firstThere(PLUGIN_FOLDERS, 'libOrthancDicomWeb.so', constants.R_OK);
  return program && plugin ? { program, plugin } : null;
}

/** @returns null when Orthanc or its DICOMweb plugin is not installed */
export async function startOrthanc(options: OrthancOptions): Promise<Orthanc | null> {
  const found = findOrthanc();
  if (!found) return null;
  const httpPort = options.httpPort ?? (await freePort());
  const dicomPort = options.dicomPort ?? (await freePort());
  const file = join(options.dir, 'orthanc.json');
  await mkdir(join(options.dir, 'db'), { recursive: true });
  await writeFile(file, JSON.stringify(configuration(options.dir, found.plugin, httpPort, dicomPort), null, 2));
  // Without TCP_NODELAY Nagle's algorithm costs about 40 ms an instance.
  const child = spawn(found.program, [file], { stdio: 'ignore', env: { ...process.env, TCP_NODELAY: '1' } });
  const rest = `http://127.0.0.1:${httpPort}`;
  await untilUp(`${rest}/system`, child);
  return {
    rest,
    dicomweb: `${rest}/dicom-web`,
    dicomPort,
    upload: (bytes) => upload(rest, bytes),
    wipe: () => wipe(rest),
    stop: () => stop(child),
  };
}

export async function uploadFolder(orthanc: Orthanc, folder: string): Promise<void> {
  for (const name of (await readdir(folder)).sort()) await orthanc.upload(await readFile(join(folder, name)));
}

function configuration(dir: string, plugin: string, httpPort: number, dicomPort: number): object {
  return {
    Name: 'Chenguang PACS',
    StorageDirectory: join(dir, 'db'),
    IndexDirectory: join(dir, 'db'),
    Plugins: [plugin],
    HttpPort: httpPort,
    DicomPort: dicomPort,
    DicomAet: 'CHENGUANG',
    // Only this machine is answered.
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    TcpNoDelay: true,
    SaveJobs: false,
    DicomWeb: { Enable: true, Root: '/dicom-web/', EnableWado: false },
  };
}

async function upload(rest: string, bytes: Uint8Array): Promise<void> {
  const answer = await fetch(`${rest}/instances`, { method: 'POST', body: Buffer.from(bytes) });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`Orthanc refused an instance (${answer.status})`);
}

async function wipe(rest: string): Promise<void> {
  const studies = (await (await fetch(`${rest}/studies`)).json()) as string[];
  for (const id of studies) await (await fetch(`${rest}/studies/${id}`, { method: 'DELETE' })).arrayBuffer();
}

async function untilUp(url: string, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < START_SECONDS * 10; waited++) {
    if (child.exitCode !== null) throw new Error(`Orthanc ended with code ${child.exitCode}`);
    const up = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`Orthanc did not start within ${START_SECONDS} s`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(force);
}

function firstThere(folders: readonly string[], name: string, mode: number): string | null {
  for (const folder of folders) {
    try {
      accessSync(join(folder, name), mode);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  return null;
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? done(address.port) : fail(new Error('no port'))));
    });
  });
}
