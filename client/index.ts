/** DHC client: find, open, verify and share one's own sealed records, in a browser or in Node. */
export { fromHex, toHex } from './bytes.ts';
export { binderOf, makeCapsule, type OpeningKeys, openCapsule, type PacketOpener, type RecordKeys } from './capsule.ts';
export { type Anchor, anchors, type Chain, ChainRefused, httpChain } from './chain.ts';
export { acceptClaim, type ClaimAnswer, type ClaimRequest, claimRequest } from './claim.ts';
export * from './consent.ts';
export { type CurrentResource, currentState, type Resource } from './current.ts';
export { type FindOptions, type FoundRecord, findRecords, type Receipt } from './find.ts';
export { commitmentOf, tagFor } from './index-tags.ts';
export {
  addressOf,
  allKeys,
  type KeyFile,
  type KnownHospital,
  newKeyFile,
  type PersonKeys,
  personKeys,
  readKeyFile,
} from './keys.ts';
export { decodeManifest, type Manifest, type RecordEntry } from './manifest.ts';
export { leafOf, merkleTree, rootOf } from './merkle.ts';
export { type MessageHeader, openMessage, readHeader } from './message.ts';
export {
  type Check,
  laterCapsules,
  type OpenedRecord,
  type OpenOptions,
  openRecord,
  openWith,
  verifyRecord,
} from './open.ts';
export { openPart, type Part, partsOf } from './parts.ts';
export { CannotOpen, Refuted } from './refusal.ts';
export { type BlockSource, checked, gateway, readFile } from './store.ts';
export { type UmbralLibrary, umbralOpener } from './umbral/opener.ts';
