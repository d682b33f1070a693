/** FHIR R4 servers by REST search. */
import type { Connector } from '../../core/types.ts';
import { openHttp } from '../shared/http.ts';
import { checkFhir, discoverFhir } from './check.ts';
import { type FhirConfig, fhirConfig } from './config.ts';
import type { FhirCursor } from './cursor.ts';
import { readFhir } from './read.ts';

export const fhir = {
  kind: 'fhir',
  summary: 'A FHIR R4 server, read by REST search in pages; every resource keeps the exact text of the server',
  config: fhirConfig,
  capabilities: { push: false, incremental: true, parts: false },
  open(config) {
    const http = openHttp(config);
    return {
      check: (signal) => checkFhir(http, config, signal),
      discover: (signal) => discoverFhir(http, config, signal),
      read: (cursor, limits, signal) => readFhir(http, config, cursor, limits, signal),
      close: () => http.close(),
    };
  },
} satisfies Connector<FhirConfig, FhirCursor>;
