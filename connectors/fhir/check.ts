/** Whether a FHIR server can be read, and what it holds. */
import { BridgeError } from '../../core/errors.ts';
import type { CheckStep, Discovered } from '../../core/types.ts';
import { expectOk, type Http } from '../shared/http.ts';
import { reachSteps, step } from '../shared/reach.ts';
import type { FhirConfig } from './config.ts';
import { FHIR_JSON, getPage } from './page.ts';

interface Capability {
  readonly resourceType?: unknown;
  readonly fhirVersion?: unknown;
  readonly rest?: readonly {
    readonly resource?: readonly { readonly type?: unknown; readonly interaction?: readonly { code?: unknown }[] }[];
  }[];
}

export async function checkFhir(http: Http, config: FhirConfig, signal: AbortSignal): Promise<CheckStep[]> {
  const steps = await reachSteps(config.baseUrl, signal);
  if (steps.some(({ status }) => status === 'fail')) return steps;
  steps.push(await step('metadata', async () => describe(await capability(http, config, signal))));
  const query = `${http.base}/${config.resourceTypes[0]}?_count=1&_summary=count`;
  const auth = await step('auth', async () => {
    const { status } = await http.getBytes(query, FHIR_JSON, config.maxPageBytes, signal);
    if (status === 401 || status === 403) expectOk(status);
    return config.auth ? 'the server takes the token' : 'the server asks for no credentials';
  });
  const search = await step('empty query', async () => {
    const page = await getPage(http, query, config.maxPageBytes, signal);
    if (typeof page === 'number') expectOk(page);
    return `a search for ${config.resourceTypes[0]} is answered`;
  });
  return [...steps, auth, search];
}

/** Types that the server can search, with their counts. */
export async function* discoverFhir(http: Http, config: FhirConfig, signal: AbortSignal): AsyncGenerator<Discovered> {
  for (const name of searchableTypes(await capability(http, config, signal))) {
    const page = await getPage(http, `${http.base}/${name}?_summary=count`, config.maxPageBytes, signal);
    const count = typeof page === 'number' ? null : page.total;
    yield { name, ...(count === null ? {} : { count }) };
  }
}

async function capability(http: Http, config: FhirConfig, signal: AbortSignal): Promise<Capability> {
  const { status, bytes } = await http.getBytes(`${http.base}/metadata`, FHIR_JSON, config.maxPageBytes, signal);
  expectOk(status);
  try {
    const statement = JSON.parse(Buffer.from(bytes).toString('utf8')) as Capability;
    if (statement?.resourceType === 'CapabilityStatement') return statement;
  } catch {
    // Falls through: an HTML page is no statement either.
  }
  throw new BridgeError('source.protocol', 'the server has no CapabilityStatement');
}

function describe({ fhirVersion }: Capability): string {
  const version = typeof fhirVersion === 'string' && /^[\w.-]{1,20}$/.test(fhirVersion) ? fhirVersion : 'unknown';
  if (version.startsWith('4.')) return `FHIR ${version}`;
  throw new BridgeError('source.protocol', `the server speaks FHIR ${version}, not R4`);
}

function searchableTypes({ rest }: Capability): string[] {
  const resources = (rest ?? []).flatMap(({ resource }) => resource ?? []);
  const searchable = resources.filter(({ interaction }) => interaction?.some(({ code }) => code === 'search-type'));
  return searchable.flatMap(({ type }) => (typeof type === 'string' && /^[A-Z]\w{1,63}$/.test(type) ? [type] : []));
}
