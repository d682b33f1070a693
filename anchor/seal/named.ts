/** All that a record needs of a processor before it can be packed: sealed, its blocks named, its quality measured. */
import type { KeyObject } from 'node:crypto';
import { completeness } from '../../core/quality/completeness.ts';
import { signatureOf } from '../../core/quality/likeness.ts';
import type { Json } from '../../core/quality/tree.ts';
import { leafOf } from '../chain/merkle.ts';
import { blockCid, cidText, DAG_CBOR, MAX_BLOCK, RAW } from '../store/cid.ts';
import { type RecordInput, type SealedBytes, sealRecord } from './record.ts';

export interface RecordToSeal extends RecordInput {
  /** Share of the source's populated places that reached the bundle, 0 to 1; asks for the record's quality. */
  readonly mapped?: number;
}

/** CIDs and leaf of a record without parts whose content is one block. */
export interface BlockNames {
  readonly contentCid: string;
  readonly capsuleCid: string;
  /** 0x-hex */
  readonly leaf: string;
}

/** Of a record by itself; its score depends on the patient's other records too. */
export interface Quality {
  readonly complete: number;
  /** Of `core/quality/likeness.ts` */
  readonly signature: Uint8Array;
}

export interface NamedRecord extends SealedBytes {
  /** Undefined for content of several blocks. */
  readonly names: BlockNames | undefined;
  /** Where it was asked for. */
  readonly quality: Quality | undefined;
}

/**
 * @param likenessKey of the hospital, for the signatures
 * @throws BridgeError `seal.failed` for input that the format cannot hold
 */
export function sealNamed(record: RecordToSeal, likenessKey?: KeyObject): NamedRecord {
  const sealed = sealRecord(record);
  return { ...sealed, names: namesOf(sealed), quality: likenessKey && qualityOf(record, likenessKey) };
}

function namesOf({ content, capsule, commitment }: SealedBytes): BlockNames | undefined {
  if (content.length > MAX_BLOCK) return undefined;
  const contentCid = cidText(blockCid(RAW, content));
  const hex = Buffer.from(commitment).toString('hex');
  return {
    contentCid,
    capsuleCid: cidText(blockCid(DAG_CBOR, capsule)),
    leaf: leafOf({ commitment: hex, contentCid }),
  };
}

function qualityOf({ bundle, mapped }: RecordToSeal, key: KeyObject): Quality | undefined {
  if (mapped === undefined) return undefined;
  const content = JSON.parse(Buffer.from(bundle.buffer, bundle.byteOffset, bundle.length).toString()) as Json;
  return { complete: completeness(content, mapped), signature: signatureOf(content, key) };
}
