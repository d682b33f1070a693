/** WADO-RS (PS3.18 §10.4): one instance as it is stored, as a stream. */

import type { InstanceEntry } from '../../core/dicom/manifest.ts';
import { BridgeError } from '../../core/errors.ts';
import { expectOk, type Http } from '../shared/http.ts';
import { boundaryOf, readMultipart } from './multipart.ts';

/** `transfer-syntax=*`: no transcoding, whatever the instance is stored in. */
const ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*';

/** @throws BridgeError `source.*`; a body that ends early is `source.unreachable`, so that it is fetched again */
export async function* fetchInstance(
  http: Http,
  studyInstanceUid: string,
  { seriesInstanceUid, sopInstanceUid }: InstanceEntry,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const path = `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
  const answer = await http.getStream(`${http.base}${path}`, ACCEPT, signal);
  if (answer.status < 200 || answer.status > 299) {
    await answer.body.dump();
    expectOk(answer.status);
  }
  const boundary = boundaryOf(String(answer.headers['content-type']));
  if (boundary === null) {
    answer.body.destroy();
    throw new BridgeError('source.protocol', 'an instance is not sent as multipart content');
  }
  yield* onePart(broken(answer.body as AsyncIterable<Uint8Array>, signal), boundary);
}

/** @throws BridgeError `source.protocol` when there is not exactly one part */
async function* onePart(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Uint8Array> {
  let parts = 0;
  for await (const event of readMultipart(body, boundary)) {
    if (event.type === 'data') yield event.bytes;
    else if (++parts > 1) break;
  }
  if (parts !== 1)
    throw new BridgeError('source.protocol', 'the archive sent none or several instances where one was asked for');
}

/** Foreign errors of the connection as ours. */
async function* broken(body: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal?.throwIfAborted();
    throw new BridgeError('source.unreachable', 'the connection broke while an instance was sent', { cause: error });
  }
}
