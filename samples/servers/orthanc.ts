/** The hospital's archive: a real Orthanc with its DICOMweb plugin, on loopback, in a folder of its own. */
import { accessSync, constants } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BridgeError } from '../../core/errors.ts';
import { freePort } from '../../core/free-port.ts';
import { type Leashed, startLeashed } from '../../services/leash.ts';
import { openLogFile } from '../../services/log-file.ts';

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
const STOP_MS = 10_000;

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
  const command = { file: found.program, args: [file], env: { TCP_NODELAY: '1' }, cwd: options.dir };
  const running = await startLeashed(command, openLogFile(join(options.dir, 'orthanc.log')));
  const rest = `http://127.0.0.1:${httpPort}`;
  await untilUp(`${rest}/system`, running);
  return {
    rest,
    dicomweb: `${rest}/dicom-web`,
    dicomPort,
    upload: (bytes) => upload(rest, bytes),
    wipe: () => wipe(rest),
    stop: () => running.end(STOP_MS),
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

async function untilUp(url: string, running: Leashed): Promise<void> {
  let ended = false;
  void running.exited.then(() => {
    ended = true;
  });
  for (let waited = 0; waited < START_SECONDS * 10; waited++) {
    if (ended) throw new BridgeError('service.failed', 'Orthanc ended while it started');
    const up = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return;
    await sleep(100);
  }
  await running.end(0);
  throw new BridgeError('service.failed', `Orthanc did not start within ${START_SECONDS} s`);
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
