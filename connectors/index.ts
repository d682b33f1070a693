/** All kinds of source. A new kind is one folder and one line here. */
import { cda } from './cda/connector.ts';
import { dicom } from './dicom/connector.ts';
import { fhir } from './fhir/connector.ts';
import { hl7v2 } from './hl7v2/connector.ts';
import { table } from './table/connector.ts';

export const connectors = {
  hl7v2,
  cda,
  table,
  fhir,
  dicom,
};

/** Of every kind; keys that every feed has (`schedule`, `enabled`) are added where the config is read. */
export const configSchemas = Object.values(connectors).map((connector) => connector.config);
