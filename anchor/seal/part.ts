/** Parts of a record (SOP instances), each a message of its own under a key that follows from the record's data key. */
import { createHash } from 'node:crypto';
import { fields, hkdfSha256, uint32 } from '../../core/crypto/hkdf.ts';
import { MAX_FRAME_LENGTH, openStream, type StreamOptions, sealStream } from '../../core/crypto/message.ts';
import { cannotOpen, cannotSeal } from '../../core/crypto/refusal.ts';
import { readContext, recordContext } from './record.ts';

const EDK_PROVIDER = 'dhc.part';

export interface PartPlace {
  /** Of the record, 32 bytes. */
  readonly dataKey: Uint8Array;
  /** 0 for the first; the *n* of `urn:dhc:part:n`. */
  readonly index: number;
  readonly hospital: string;
  /** Of the record, 16 bytes. */
  readonly tag: Uint8Array;
}

/**
 * Seals one part; memory is bounded by a frame. The same part gives the same bytes.
 * @param place with `sha256` of the part's bytes, 32 bytes, as it stands in the bundle
 * @param source may use a chunk's memory again when the next one is asked for
 * @throws BridgeError `seal.failed` when the source gives other bytes: what was yielded is to be thrown away
 */
export async function* sealPart(
  place: PartPlace & { readonly sha256: Uint8Array },
  source: AsyncIterable<Uint8Array>,
  options?: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const { dataKey, index, hospital, tag, sha256 } = place;
  if (sha256.length !== 32) throw cannotSeal('a SHA-256 digest has 32 bytes');
  const message = {
    dataKey: partKey(dataKey, index),
    // The salt of the message's own key: takes in the content and all of the header.
    messageId: hkdfSha256(
      dataKey,
      fields('dhc/part-message/1', uint32(index), hospital, tag, uint32(MAX_FRAME_LENGTH), sha256),
      32,
    ),
    context: { ...recordContext(hospital, tag), 'dhc:part': String(index) },
    edks: [{ provider: EDK_PROVIDER, info: Buffer.from('1'), ciphertext: uint32(index) }],
  };
  yield* sealStream(message, checked(source, sha256), options);
}

/** Passes the source on and throws at its end when its digest is another. */
async function* checked(source: AsyncIterable<Uint8Array>, sha256: Uint8Array): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  for await (const chunk of source) {
    digest.update(chunk);
    yield chunk;
  }
  if (!digest.digest().equals(sha256)) throw cannotSeal('a part changed after its record was made');
}

/**
 * Opens a part as it arrives; that it is whole is known only when the generator ends.
 * @throws BridgeError `seal.open`; errors of the source are passed on
 */
export async function* openPart(
  { dataKey, index, hospital, tag }: PartPlace,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* openStream(source, (header) => {
    const named = readContext(header);
    const same = named.hospital === hospital && Buffer.compare(named.tag, tag) === 0;
    if (!same || header.context['dhc:part'] !== String(index)) throw cannotOpen();
    return partKey(dataKey, index);
  });
}

function partKey(dataKey: Uint8Array, index: number): Uint8Array {
  return hkdfSha256(dataKey, fields('dhc/part/1', uint32(index)), 32);
}
