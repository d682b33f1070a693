/** Everything in the samples that says who somebody is, taken from the samples by their own formats. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import { ROOT } from './demo.ts';

const samples = join(ROOT, 'samples');
/** Shorter values are met by chance in any file. */
export const SHORTEST = 6;

export interface Samples {
  /** Names, numbers of patients, of id cards, of visits, of orders, of images, of phones; as text. */
  readonly values: readonly string[];
  /** The bytes of every sample. */
  readonly files: readonly Uint8Array[];
}

export function readSamples(): Samples {
  const values = new Set<string>();
  const files: Uint8Array[] = [];
  const read = (folder: string, take: (bytes: Uint8Array, text: string) => string[]) => {
    for (const path of filesIn(join(samples, folder))) {
      const bytes = readFileSync(path);
      files.push(bytes);
      for (const value of take(bytes, decode(bytes))) if (Buffer.byteLength(value) >= SHORTEST) values.add(value);
    }
  };
  for (const folder of ['hl7v2/mllp', 'hl7v2/files', 'hl7v2/bad']) read(folder, (_bytes, text) => ofHl7(text));
  for (const folder of ['cda', 'cda/bad']) read(folder, (_bytes, text) => ofCda(text));
  read('fhir', (_bytes, text) => ofFhir(text));
  read('table', (_bytes, text) => ofTable(text));
  read('dicom/studies', ofDicom);
  return { values: [...values], files };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}

/** The first character set in which the bytes are right. */
export function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  for (const label of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(label, { fatal: true }).decode(bytes);
    } catch {
      // The next one.
    }
  }
  return new TextDecoder('latin1').decode(bytes);
}

function ofHl7(text: string): string[] {
  return text.split(/[\r\n]+/).flatMap((line) => {
    const fields = line.split('|');
    const at = (...indexes: number[]) => indexes.flatMap((index) => (fields[index] ?? '').split('~'));
    const ids = (...indexes: number[]) => at(...indexes).map((value) => value.split(/[\^&]/)[0]!);
    const names = (...indexes: number[]) => at(...indexes).flatMap((value) => forms(value.split('^').slice(0, 2)));
    const phones = (...indexes: number[]) =>
      at(...indexes)
        .flatMap((value) => value.split('^'))
        .filter(isNumber);
    if (fields[0] === 'PID') return [...ids(2, 3, 4, 18, 19), ...names(5, 9), ...phones(13, 14)];
    if (fields[0] === 'NK1') return [...names(2), ...phones(5, 6)];
    if (fields[0] === 'PV1') return ids(19);
    if (fields[0] === 'ORC' || fields[0] === 'OBR') return ids(2, 3).filter(isNumber);
    return [];
  });
}

function ofCda(text: string): string[] {
  const blocks = ['patientRole', 'encompassingEncounter', 'order'].flatMap((name) =>
    [...text.matchAll(new RegExp(`<(\\w+:)?${name}[ >].*?</(\\w+:)?${name}>`, 'gs'))].map(([block]) =>
      // Who treats is no secret.
      block.replace(/<((?:\w+:)?\w*[oO]rganization)[ >].*?<\/\1>/gs, ''),
    ),
  );
  return blocks.flatMap((block) => [
    ...[...block.matchAll(/<(?:\w+:)?id [^>]*extension="([^"]+)"/g)].map((match) => match[1]!).filter(isNumber),
    ...[...block.matchAll(/<(?:\w+:)?telecom [^>]*value="(?:tel:)?([^"]+)"/g)].map((match) => match[1]!),
    ...[...block.matchAll(/<(?:\w+:)?patient>.*?<(?:\w+:)?name[^>]*>(.*?)<\/(?:\w+:)?name>/gs)].flatMap((match) => {
      const words = match[1]!.replace(/<[^>]+>/g, ' ').trim();
      return forms(words.split(/\s+/).reverse());
    }),
  ]);
}

interface Resource {
  readonly resourceType: string;
  readonly identifier?: readonly { readonly value?: string }[];
  readonly name?: readonly { readonly text?: string; readonly family?: string; readonly given?: readonly string[] }[];
  readonly telecom?: readonly { readonly value?: string }[];
}

const PERSONAL = ['Patient', 'Encounter', 'DiagnosticReport', 'MedicationRequest', 'Immunization'];

function ofFhir(text: string): string[] {
  const { entry } = JSON.parse(text) as { entry: { resource: Resource }[] };
  const resources = entry.map(({ resource }) => resource).filter((one) => PERSONAL.includes(one.resourceType));
  return resources.flatMap(({ identifier = [], name, telecom = [] }) => [
    ...[...identifier, ...telecom].flatMap(({ value }) => value ?? []),
    ...(Array.isArray(name) ? name : []).flatMap(({ text: whole, family = '', given = [] }) => [
      ...(whole ? [whole] : []),
      ...forms([family, given.join(' ')]),
    ]),
  ]);
}

function ofTable(text: string): string[] {
  const [header = '', ...rows] = text.trim().split(/\r?\n/);
  const columns = header.replace('\ufeff', '').split(',');
  const wanted = ['report_no', 'patient_id', 'patient_name'].map((name) => columns.indexOf(name));
  return rows.flatMap((row) => wanted.flatMap((column) => row.split(',')[column] ?? []));
}

function ofDicom(bytes: Uint8Array): string[] {
  const data = dicomParser.parseDicom(bytes, { untilTag: 'x00280010' });
  const value = (tag: string) => {
    const element = data.elements[tag];
    return element ? decode(bytes.subarray(element.dataOffset, element.dataOffset + element.length)).trim() : '';
  };
  const names = value('x00100010').split('=');
  return [
    value('x00100020'),
    value('x00080050'),
    value('x00200010'),
    ...names.flatMap((name) => forms(name.split('^'))),
  ];
}

/** How a name of a family and a given part is written. */
function forms([family = '', given = '']: readonly string[]): string[] {
  if (!family || !given) return [family, given];
  const joined = ['', ' ', '^', ', '].flatMap((by) => [`${family}${by}${given}`, `${given}${by}${family}`]);
  return [...joined, ...joined.map((name) => name.toLowerCase()), ...joined.map((name) => name.toUpperCase())];
}

function isNumber(value: string): boolean {
  return /\d{4}/.test(value);
}
