/** The samples' FHIR server as a source for the conformance tests. */
import { startFhirServer } from '../../samples/servers/fhir.ts';
import type { Fixture } from '../conformance.ts';

const TYPES = ['Organization', 'Practitioner', 'Immunization', 'MedicationRequest'];

export async function fhirServer(): Promise<Fixture> {
  const server = await startFhirServer();
  const config = { kind: 'fhir', resourceTypes: TYPES, pageSize: 3, attempts: 1 };
  const practitioners = ['d001', 'd002', 'd003', 'd004', 'd005'].map((id) => `Practitioner/${id}`);
  const medication = ['001', '002', '003', '004', '005'].map((number) => `MedicationRequest/med-${number}`);
  const all = [
    'Organization/chenguang',
    ...practitioners,
    'Immunization/imm-001',
    'Immunization/imm-002',
    ...medication,
  ];
  return {
    config: { ...config, baseUrl: server.baseUrl },
    unreachable: { ...config, baseUrl: 'http://127.0.0.1:9/fhir' },
    keys: all.map((key) => `${key}/_history/1`),
    async grow() {
      const meta = { versionId: '1', lastUpdated: new Date().toISOString() };
      await server.put(JSON.stringify({ resourceType: 'Practitioner', id: 'd006', meta, active: false }));
      return 'Practitioner/d006/_history/1';
    },
    close: () => server.close(),
  };
}
