/**
 * The raw reference of the sealing street: encrypt each record under a key of its own, wrap that for the patient (X25519
 * or Umbral), hash, pack, import, and anchor 32 bytes a record in two transactions. No format, no receipts, nothing
 * durable, one thread.
 */
import {
  createCipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { encode } from '@ipld/dag-cbor';
import { encodeAnchor } from '../anchor/chain/health-index.ts';
import type { PacketName } from '../anchor/seal/key-packet.ts';
import { withUmbral } from '../anchor/seal/umbral/library.ts';
import { umbralPublicOf } from '../anchor/seal/umbral/packet.ts';
import { type Block, blockCid, DAG_CBOR, RAW } from '../anchor/store/cid.ts';
import type { CustodyKeys } from '../core/keystore/patient-keys.ts';
import { hospital, type Street } from './street.ts';

const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const TRANSACTIONS = 2;

export async function reference(
  street: Street,
  bundles: readonly Uint8Array[],
  patient: CustodyKeys & { readonly keyPacket: PacketName },
): Promise<void> {
  const wrap = patient.keyPacket === 'umbral' ? umbralWrap(patient) : x25519Wrap(patient);
  const idKey = randomBytes(32);
  const sealed = bundles.map((bundle) => rawSeal(bundle, wrap));
  const ids = sealed.map((_, n) => encrypt(idKey, Buffer.from(String(n))).subarray(0, 32));
  const size = Math.ceil(sealed.length / TRANSACTIONS);
  for (let at = 0; at < sealed.length; at += size) {
    const half = sealed.slice(at, at + size);
    const manifest = encode(half.map((record) => record.map((block) => block.cid)));
    const root: Block = { cid: blockCid(DAG_CBOR, manifest), bytes: manifest };
    await street.kubo.importCar([carOf(root, half.flat())], root.cid.toString());
    await anchor(street, half, root, ids.slice(at, at + size));
  }
}

type Wrap = (key: Uint8Array) => Record<string, Uint8Array>;

function rawSeal(bundle: Uint8Array, wrap: Wrap): [Block, Block] {
  const key = randomBytes(32);
  const content = encrypt(key, bundle);
  const capsule = encode(wrap(key));
  return [
    { cid: blockCid(RAW, content), bytes: content },
    { cid: blockCid(DAG_CBOR, capsule), bytes: capsule },
  ];
}

function x25519Wrap({ x25519Public }: CustodyKeys): Wrap {
  const recipient = createPublicKey({ key: Buffer.concat([SPKI, x25519Public]), format: 'der', type: 'spki' });
  return (key) => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    const shared = diffieHellman({ privateKey, publicKey: recipient });
    const ct = encrypt(Buffer.from(hkdfSync('sha256', shared, '', 'reference', 32)), key);
    return { enc: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'), ct };
  };
}

function umbralWrap({ umbralSecret }: CustodyKeys): Wrap {
  const recipient = umbralPublicOf(umbralSecret);
  return (key) =>
    withUmbral(({ PublicKey, encrypt }, keep) => {
      const [capsule, ct] = encrypt(keep(PublicKey.fromCompressedBytes(recipient)), key);
      return { capsule: keep(capsule).toBytes(), ct };
    });
}

function encrypt(key: Uint8Array, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function carOf(root: Block, blocks: readonly Block[]): Buffer {
  const header = encode({ version: 1, roots: [root.cid] });
  const pieces: Uint8Array[] = [varint(header.length), header];
  for (const { cid, bytes } of [root, ...blocks])
    pieces.push(varint(cid.bytes.length + bytes.length), cid.bytes, bytes);
  return Buffer.concat(pieces);
}

async function anchor(street: Street, records: readonly Block[][], root: Block, ids: readonly Buffer[]): Promise<void> {
  const leaves = records.map(([content]) => createHash('sha256').update(content!.cid.bytes).digest());
  const data = encodeAnchor({
    root: `0x${merkleRoot(leaves).toString('hex')}`,
    manifest: `0x${Buffer.from(root.cid.multihash.digest).toString('hex')}`,
    tags: `0x${Buffer.concat(ids).toString('hex')}`,
  });
  const call = { from: hospital.address, to: street.contract, data, gas: '0xf00000' };
  const tx = await street.rpc.send<string>('eth_sendTransaction', [call]);
  while ((await street.rpc.receipt(tx)) === null) await wait(5);
}

function merkleRoot(leaves: readonly Buffer[]): Buffer {
  let level = leaves;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2)
      above.push(
        createHash('sha256')
          .update(level[at]!)
          .update(level[at + 1] ?? level[at]!)
          .digest(),
      );
    level = above;
  }
  return level[0]!;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
