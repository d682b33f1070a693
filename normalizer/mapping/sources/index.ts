import { cda } from './cda.ts';
import { dicom } from './dicom.ts';
import type { MapSource, SourceFormat } from './format.ts';
import { hl7v2 } from './hl7v2.ts';
import { json, table } from './json.ts';
import { xml } from './xml.ts';

export const formats: Readonly<Record<MapSource, SourceFormat>> = { table, hl7v2, cda, xml, json, dicom };
