/** Whether an archive can be queried, and how much it holds. */
import type { CheckStep, Discovered } from '../../core/types.ts';
import { expectOk, type Http } from '../shared/http.ts';
import { reachSteps, step } from '../shared/reach.ts';
import type { DicomwebConfig } from './config.ts';
import { openQido } from './qido.ts';

const MAX_BYTES = 16 * 1024 * 1024;

export async function checkDicomweb(http: Http, config: DicomwebConfig, signal: AbortSignal): Promise<CheckStep[]> {
  const steps = await reachSteps(config.baseUrl, signal);
  if (steps.some(({ status }) => status === 'fail')) return steps;
  const auth = await step('auth', async () => {
    const { status } = await http.getBytes(`${http.base}/studies?limit=1`, 'application/dicom+json', MAX_BYTES, signal);
    if (status === 401 || status === 403) expectOk(status);
    return config.auth ? 'the archive takes the token' : 'the archive asks for no credentials';
  });
  const query = await step('empty query', async () => {
    // A day before the first digital image: a right answer is an empty one.
    await openQido(http, 1).hasStudies('18500101', signal);
    return 'a query for studies is answered';
  });
  return [...steps, auth, query];
}

/** Number of studies, counted by listing them: an archive's own counters are not trusted. */
export async function* discoverDicomweb(
  http: Http,
  config: DicomwebConfig,
  signal: AbortSignal,
): AsyncGenerator<Discovered> {
  let count = 0;
  for await (const _study of openQido(http, config.pageSize).studies(null, signal)) count++;
  yield { name: 'studies', count };
}
