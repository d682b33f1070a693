/** An item as its populated places, in the terms by which a map addresses them, and whose item it is. */

import { type DicomDataset, textOf } from '../../../core/dicom/dataset.ts';
import { readHeader } from '../../../core/dicom/header.ts';
import { headerBytes } from '../../../core/dicom/part.ts';
import { isNumber, numberText, parseLossless } from '../../../core/json.ts';
import type { SourceItem } from '../../../core/types.ts';
import { openXml } from '../../../core/xml/open.ts';
import type { XmlElement } from '../../../core/xml/tree.ts';
import { readMessage } from '../../../normalizer/hl7v2/reader/message.ts';
import { fieldOf } from '../words.ts';

export interface Fields {
  /** What tells patients apart; undefined where it is not known. */
  readonly patient: string | undefined;
  /** An empty value tells that the place is there. */
  readonly fields: readonly (readonly [place: string, value: string])[];
}

/** @throws BridgeError where the item is not of its format */
export type FieldReader = (item: SourceItem) => Fields | Promise<Fields>;

/** @param patient column of the patient's number, for tables whose names do not tell */
export function fieldReader(patient: string | undefined): FieldReader {
  const table = tableReader(patient);
  return (item) => {
    if (item.kind === 'table') return table(item);
    if (item.kind === 'hl7v2') return hl7Fields(item);
    if (item.kind === 'dicom') return dicomFields(item);
    return item.kind === 'cda' ? cdaFields(item) : fhirFields(item);
  };
}

function tableReader(named: string | undefined): (item: SourceItem) => Fields {
  let patient = named;
  return (item) => {
    const row = JSON.parse(new TextDecoder().decode(item.bytes)) as Record<string, unknown>;
    patient ??= patientColumn(Object.keys(row));
    const fields: [string, string][] = [];
    for (const [column, value] of Object.entries(row))
      if (typeof value === 'string' || value === null) fields.push([column, value?.trim() ?? '']);
      else leaves(value, `${column}.`, fields);
    const number = patient === undefined ? undefined : row[patient];
    return { patient: typeof number === 'string' && number.trim() ? number : undefined, fields };
  };
}

/** The column that identifies the person best, by its name. */
function patientColumn(columns: readonly string[]): string | undefined {
  const meant = new Map(columns.map((column) => [fieldOf(column)?.field, column]));
  return meant.get('patient id') ?? meant.get('record number') ?? meant.get('id card') ?? meant.get('inpatient number');
}

function hl7Fields({ bytes, charset }: SourceItem): Fields {
  const message = readMessage(bytes, charset);
  const fields: [string, string][] = [];
  for (const segment of message.segments) {
    for (let number = segment.name === 'MSH' ? 3 : 1; number <= segment.length; number++)
      for (const repetition of segment.all(number))
        for (const leaf of repetition.leaves()) {
          const text = leaf.text();
          if (text !== undefined) fields.push([general(leaf.place), text]);
        }
  }
  return { patient: message.first('PID')?.field(3).part(1).text(), fields };
}

async function dicomFields({ parts = [] }: SourceItem): Promise<Fields> {
  const fields: [string, string][] = [];
  let patient: string | undefined;
  for (const part of parts) {
    const dataset = readHeader(await headerBytes(part.open()), { complete: false })?.dataset;
    if (!dataset) continue;
    patient ??= textOf(dataset, 'PatientID');
    datasetFields(dataset, '', fields);
  }
  return { patient, fields };
}

function datasetFields(dataset: DicomDataset, path: string, into: [string, string][]): void {
  for (const [keyword, { values, items }] of Object.entries(dataset)) {
    for (const value of values) if (value !== '') into.push([path + keyword, value]);
    for (const item of items ?? []) datasetFields(item, `${path}${keyword}.`, into);
  }
}

const PREFIXES = {
  'urn:hl7-org:v3': 'v3',
  'urn:hl7-org:sdtc': 'sdtc',
  'http://www.w3.org/2001/XMLSchema-instance': 'xsi',
};
const ASSUMED = Object.fromEntries(Object.entries(PREFIXES).map(([uri, prefix]) => [prefix, uri]));

function cdaFields({ bytes, charset }: SourceItem): Fields {
  const root = openXml(bytes, {
    prefixes: PREFIXES,
    assume: { xsi: ASSUMED.xsi!, sdtc: ASSUMED.sdtc! },
    ...(charset && { charset }),
  });
  const fields: [string, string][] = [];
  elementFields(root, '/v3:ClinicalDocument', fields);
  const id = root.child('v3:recordTarget', 'v3:patientRole', 'v3:id');
  return { patient: id && `${id.attr('root')}|${id.attr('extension')}`, fields };
}

/** The narrative is one text: its table cells are no places. A section is told apart by its code. */
function elementFields(element: XmlElement, path: string, into: [string, string][]): void {
  for (const { name, value } of element.attributes) if (value.trim()) into.push([`${path}/@${name}`, value.trim()]);
  const text = element.name === 'v3:text' ? element.text() : element.ownText();
  if (text) into.push([path, text]);
  if (element.name === 'v3:text') return;
  for (const child of element.elements()) {
    const code =
      child.name === 'v3:section' || child.name === 'v3:observation' ? child.child('v3:code')?.attr('code') : undefined;
    const step = code ? `${child.name}[v3:code/@code="${code}"]` : child.name;
    elementFields(child, child.name === 'v3:section' ? `//${step}` : `${path}/${step}`, into);
  }
}

function fhirFields({ bytes }: SourceItem): Fields {
  const resource = parseLossless(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const type = String(resource.resourceType ?? 'resource');
  const fields: [string, string][] = [];
  leaves(resource, `${type}.`, fields);
  const owner = (resource.subject ?? resource.patient) as { reference?: string } | undefined;
  return { patient: owner?.reference ?? (type === 'Patient' ? `Patient/${resource.id}` : undefined), fields };
}

/** Scalars of a JSON tree by their path without indices. */
function leaves(value: unknown, path: string, into: [string, string][]): void {
  if (isNumber(value)) into.push([path.slice(0, -1), numberText(value)]);
  else if (typeof value === 'object' && value !== null) {
    const children = Array.isArray(value) ? value.map((item) => [path, item] as const) : undefined;
    for (const [below, item] of children ??
      Object.entries(value).map(([key, item]) => [`${path}${key}.`, item] as const))
      leaves(item, below, into);
  } else if (value !== null && value !== undefined) {
    into.push([path.slice(0, -1), String(value).trim()]);
  }
}

/** `OBX[3]-5[1].2` → `OBX-5.2` */
function general(place: string): string {
  return place.replaceAll(/\[\d+\]/g, '');
}
