/**
 * Where the capsules of a patient are after a change of keys. The list is a record like any other: sealed for the patient,
 * tagged, stored and anchored. So only the patient and the hospital find it, and nobody else can tell which capsules
 * belong to which content, or that contents belong together (docs/decisions/0026).
 */
import { encode } from '@ipld/dag-cbor';
import { canonicalBytes } from '../../core/json.ts';
import { type Block, blockCid, DAG_CBOR, parseCid } from '../store/cid.ts';

export const CONTENT_SYSTEM = 'urn:dhc:content-cid';
const CODE = { system: 'urn:dhc:list', code: 'capsules' } as const;

export interface ListedCapsule {
  readonly contentCid: string;
  readonly capsuleCid: string;
}

export interface CapsuleList {
  readonly hospital: string;
  /** A later generation replaces an earlier one. */
  readonly generation: number;
  readonly capsules: readonly ListedCapsule[];
}

/** A FHIR Bundle with one List: its entries name the content by identifier and the capsule by reference. */
export function capsuleListBundle({ hospital, generation, capsules }: CapsuleList): Uint8Array {
  const entry = capsules.map(({ contentCid, capsuleCid }) => ({
    item: { reference: `ipfs://${capsuleCid}`, identifier: { system: CONTENT_SYSTEM, value: contentCid } },
  }));
  const identifier = [{ system: `urn:dhc:hospital:${hospital}:capsules`, value: String(generation) }];
  const list = {
    resourceType: 'List',
    status: 'current',
    mode: 'snapshot',
    code: { coding: [CODE] },
    identifier,
    entry,
  };
  return canonicalBytes({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: list }] });
}

/** The list in an opened bundle; undefined for any other bundle. */
export function readCapsuleList(bundle: Uint8Array): CapsuleList | undefined {
  const { entry } = JSON.parse(Buffer.from(bundle).toString('utf8')) as fhir4.Bundle<fhir4.FhirResource>;
  const list = entry?.length === 1 ? entry[0]!.resource : undefined;
  if (list?.resourceType !== 'List' || list.code?.coding?.[0]?.system !== CODE.system) return undefined;
  const { system = '', value = '' } = list.identifier?.[0] ?? {};
  const capsules = (list.entry ?? []).flatMap(({ item }) => {
    const contentCid = item.identifier?.value;
    const capsuleCid = item.reference?.replace('ipfs://', '');
    return contentCid && capsuleCid ? [{ contentCid, capsuleCid }] : [];
  });
  return { hospital: system.split(':')[3] ?? '', generation: Number(value), capsules };
}

/** The block that holds the new capsules with one pin, in the order of their CIDs, which tells nothing. */
export function capsuleSet(capsuleCids: readonly string[]): Block {
  const bytes = encode({ v: 1, capsules: [...new Set(capsuleCids)].sort().map(parseCid) });
  return { cid: blockCid(DAG_CBOR, bytes), bytes };
}
