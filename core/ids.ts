/** Deterministic ids: the same input gives the same id on every machine of the hospital. */
import { createHmac, hash, type KeyObject } from 'node:crypto';

/** RFC 9562 §6.6: the name space of URLs, from which the hospital's own name space is made. */
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/** RFC 9562 §5.5, UUID version 5 (SHA-1 of name space and name). */
export function uuidV5(namespace: string, name: string): string {
  return uuidUrn(namespace, name).slice(URN.length);
}

/** `urn:uuid:` and the UUID; in one piece, since ids are written and looked up many times. */
function uuidUrn(namespace: string, name: string): string {
  const hex = hash('sha1', bytesOf(namespace, name), 'hex');
  for (let index = 0; index < DIGITS.length; index += 1) made[DIGITS[index]!] = hex.charCodeAt(index);
  made[VERSION] = FIVE;
  made[VARIANT] = VARIANTS.charCodeAt(Number.parseInt(hex[16]!, 16));
  return made.toString('latin1');
}

const URN = 'urn:uuid:';
/** An id in the making, and where its hex digits stand. */
const made = Buffer.from(`${URN}00000000-0000-0000-0000-000000000000`, 'latin1');
const DIGITS = Array.from(made.keys()).filter((at) => at >= URN.length && made[at] === 0x30);
const [VERSION, VARIANT] = [DIGITS[12]!, DIGITS[16]!];
const FIVE = 0x35;

/** Name space and name, filled anew for each id; names are short, and a longer one gets a place of its own. */
const room = Buffer.alloc(1024);
/** The first bytes of the room, by how many they are. */
const starts: Buffer[] = [];

function bytesOf(namespace: string, name: string): Buffer {
  const own = namespaceBytes(namespace);
  if (own.length + 3 * name.length > room.length) return Buffer.concat([own, Buffer.from(name, 'utf8')]);
  const length = own.length + room.write(name, own.length);
  starts[length] ??= room.subarray(0, length);
  return starts[length];
}

/** The digit whose two high bits are the variant (RFC 9562 §4.1): 10. */
const VARIANTS = '89ab89ab89ab89ab';

/** The name space that was asked for last, with which the room begins: names come in long rows of one. */
let last: { readonly namespace: string; readonly bytes: Buffer } | undefined;

function namespaceBytes(namespace: string): Buffer {
  if (last?.namespace !== namespace) {
    last = { namespace, bytes: Buffer.from(namespace.replaceAll('-', ''), 'hex') };
    room.set(last.bytes);
  }
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
