/** The sample hospital's systems, really running, and the config of a bridge that reads them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFhirServer } from '../../samples/servers/fhir.ts';
import { type Orthanc, startOrthanc } from '../../samples/servers/orthanc.ts';
import { choosePorts } from './ports.ts';

export interface Hospital {
  readonly configFile: string;
  /** Said to the person who watches: where imaging is read from and why. */
  readonly imaging: string;
  /** HL7 v2 messages for the MLLP feed, in order. */
  messages(): Uint8Array[];
  /** How many items of each feed the samples' expected results refuse. */
  refusals(): Record<string, number>;
  readonly mllp: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

const samples = join(import.meta.dirname, '..', '..', 'samples');

/** @param folder of the demo; ports are remembered in it, so that a demo that was killed finds the same hospital again */
export async function startHospital(folder: string): Promise<Hospital> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ports = await choosePorts(join(folder, 'ports.json'), ['fhir', 'mllp', 'orthanc-http', 'orthanc-dicom']);
  const fhir = await startFhirServer({ port: ports.fhir });
  const orthanc = await startOrthanc({
    dir: join(folder, 'orthanc'),
    httpPort: ports['orthanc-http'],
    dicomPort: ports['orthanc-dicom'],
  });
  if (orthanc) await fill(orthanc);
  const configFile = join(folder, 'bridge.yaml');
  writeFileSync(join(folder, 'keystore.passphrase'), 'the passphrase of a demo protects nothing\n', { mode: 0o600 });
  writeFileSync(configFile, config({ fhir: fhir.baseUrl, mllp: ports.mllp!, dicomweb: orthanc?.dicomweb }));
  return {
    configFile,
    imaging: orthanc
      ? `imaging by DICOMweb from Orthanc at ${orthanc.rest}`
      : 'imaging from the DICOM folder, because Orthanc with its DICOMweb plugin is not installed',
    messages: () => files('hl7v2/mllp').map((path) => readFileSync(path)),
    refusals,
    mllp: { host: '127.0.0.1', port: ports.mllp! },
    async close() {
      await fhir.close();
      await orthanc?.stop();
    },
  };
}

async function fill(orthanc: Orthanc): Promise<void> {
  for (const path of files('dicom/studies')) await orthanc.upload(readFileSync(path));
}

/** Which samples each feed carries. */
const contents: Record<string, readonly string[]> = {
  admissions: ['hl7v2/mllp'],
  laboratory: ['hl7v2/files'],
  damaged: ['hl7v2/bad'],
  documents: ['cda', 'cda/bad'],
  imaging: ['dicom'],
  'old-server': ['fhir'],
  'lab-table': ['table'],
};

function refusals(): Record<string, number> {
  const rejected = (folder: string) =>
    files(`${folder}/expected`)
      .flatMap((path) => JSON.parse(readFileSync(path, 'utf8')) as { status: string } | { status: string }[])
      .filter(({ status }) => status === 'rejected').length;
  return Object.fromEntries(
    Object.entries(contents).map(([feed, folders]) => [
      feed,
      folders.map(rejected).reduce((sum, count) => sum + count, 0),
    ]),
  );
}

/** Files directly below a folder of the samples, in order. */
function files(folder: string): string[] {
  return readdirSync(join(samples, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(samples, folder, entry.name))
    .sort();
}

function config({ fhir, mllp, dicomweb }: { fhir: string; mllp: number; dicomweb: string | undefined }): string {
  const imaging = dicomweb
    ? `dicomweb: { baseUrl: "${dicomweb}" }`
    : `folder: { path: ${JSON.stringify(join(samples, 'dicom/studies'))} }`;
  const folder = (name: string, suffix: string) =>
    `folder: { path: ${JSON.stringify(join(samples, name))}, include: ["${suffix}"], settleSeconds: 0 }`;
  return `# Written by \`npm run demo\`: the bridge of the sample hospital (samples/README.md).
version: 1
hospital:
  id: chenguang
  name: 晨光医院
  timezone: Asia/Shanghai
  patientSystem: urn:oid:2.16.156.10011.1.13.990001
data: data
keystore: { passphrase: "file:keystore.passphrase" }
feeds:
  admissions: { kind: hl7v2, mllp: { host: 127.0.0.1, port: ${mllp} } }
  laboratory: { kind: hl7v2, ${folder('hl7v2/files', '.hl7')} }
  damaged: { kind: hl7v2, ${folder('hl7v2/bad', '.hl7')} }
  documents: { kind: cda, ${folder('cda', '.xml')} }
  imaging: { kind: dicom, ${imaging} }
  old-server: { kind: fhir, baseUrl: "${fhir}" }
  lab-table: { kind: table, ${folder('table', '.csv')} }
`;
}
