/** Deterministic ids: the same input gives the same id on every machine of the hospital. */
import { createHmac, hash, type KeyObject } from 'node:crypto';

/** RFC 9562 §6.6: the name space of URLs, from which the hospital's own name space is made. */
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/** RFC 9562 §5.5, UUID version 5 (SHA-1 of name space and name). */
export function uuidV5(namespace: string, name: string): string {
  return uuidUrn(namespace, name).slice(URN.length);
}

/** `urn:uuid:` and the UUID. */
function uuidUrn(namespace: string, name: string): string {
  const hex = hash('sha1', bytesOf(namespaceBytes(namespace), name), 'hex');
  let at = URN.length;
  for (let index = 0; index < 32; index++) {
    if (index === 8 || index === 12 || index === 16 || index === 20) urn[at++] = HYPHEN;
    urn[at++] = hex.charCodeAt(index);
  }
  urn[URN.length + VERSION] = FIVE;
  urn[URN.length + VARIANT] = VARIANTS.charCodeAt(Number.parseInt(hex[16]!, 16));
  return urn.toString('latin1');
}

const URN = 'urn:uuid:';
/** A text that is read out of bytes is one piece; one that is put together of parts would be put together again by each reader. */
const urn = Buffer.from(`${URN}${URL_NAMESPACE}`, 'latin1');
const HYPHEN = 0x2d;
const FIVE = 0x35;
/** Places of the digits that tell version and variant (RFC 9562 §4). */
const VERSION = 14;
const VARIANT = 19;

/** Filled anew for each id; names are short, and a longer one gets a place of its own. */
const room = Buffer.alloc(1024);

function bytesOf(namespace: Buffer, name: string): Buffer {
  if (namespace.length + 3 * name.length > room.length) return Buffer.concat([namespace, Buffer.from(name, 'utf8')]);
  room.set(namespace);
  return room.subarray(0, namespace.length + room.write(name, namespace.length, 'utf8'));
}

/** The digit whose two high bits are the variant (RFC 9562 §4.1): 10. */
const VARIANTS = '89ab89ab89ab89ab';

/** Of the name space that was asked for last: names come in long rows of one. */
let last: { readonly namespace: string; readonly bytes: Buffer } | undefined;

function namespaceBytes(namespace: string): Buffer {
  if (last?.namespace !== namespace) last = { namespace, bytes: Buffer.from(namespace.replaceAll('-', ''), 'hex') };
  return last.bytes;
}

/** `urn:uuid:` and the id of a FHIR resource: from its business key within the hospital, so that later messages meet it again. */
export function resourceUrn(hospital: string, type: string, key: readonly string[]): string {
  if (own?.hospital !== hospital) own = { hospital, namespace: uuidV5(URL_NAMESPACE, `urn:dhc:hospital:${hospital}`) };
  let name = escapePart(type);
  for (const part of key) name += `|${escapePart(part)}`;
  return uuidUrn(own.namespace, name);
}

/** Name space of the hospital that was asked for last: a bridge has one. */
let own: { readonly hospital: string; readonly namespace: string } | undefined;

/** Joins unambiguously: `a|b`,`c` and `a`,`b|c` differ. */
function escapePart(part: string): string {
  return part.includes('|') || part.includes('\\') ? part.replaceAll('\\', '\\\\').replaceAll('|', '\\|') : part;
}

/**
 * Id of a source item: keyed, so that it tells nobody outside the hospital anything of the content.
 * @param key 32 bytes from the keystore
 * @param contentDigest SHA-256 of the bytes as received
 * @returns 32 hex digits
 */
export function itemId(key: Uint8Array, feed: string, sourceKey: string, contentDigest: Uint8Array): string {
  const mac = createHmac('sha256', key);
  for (const part of [Buffer.from(feed, 'utf8'), Buffer.from(sourceKey, 'utf8'), contentDigest]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    mac.update(length).update(part);
  }
  return mac.digest('hex').slice(0, 32);
}

/**
 * Opaque stand-in for a value that must not be written (a source key, a patient identifier); 32 hex digits.
 * @param key 32 bytes; as a key object where many digests are made, which is several times quicker
 */
export function keyedDigest(key: Uint8Array | KeyObject, label: string, value: string): string {
  return createHmac('sha256', key).update(`${label}\0${value}`, 'utf8').digest('hex').slice(0, 32);
}
