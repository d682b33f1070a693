import { conformance } from '../conformance.ts';
import { fhir } from './connector.ts';
import { fhirServer } from './fixture.ts';

conformance('fhir', fhir, fhirServer);
