/**
 * The closed table of error and issue codes. A code fixes the stage where it arises and its kind:
 *
 * - `transient`: the same step may succeed later; the only kind that is retried by itself
 * - `ambiguous`: it is not known whether the step took effect; looked up before anything is repeated
 * - `permanent`: repeating changes nothing; a person has to act on the hint
 *
 * Codes are API: they are added, never renamed.
 */
export type Stage = 'config' | 'service' | 'read' | 'normalize' | 'seal' | 'store' | 'anchor' | 'verify' | 'cli';
export type ErrorKind = 'transient' | 'ambiguous' | 'permanent';

interface CodeEntry {
  readonly stage: Stage;
  readonly kind: ErrorKind;
  readonly hint: string;
}

export const codes = {
  // config
  'config.driver': { stage: 'config', kind: 'permanent', hint: 'install the database client with npm' },
  'config.invalid': {
    stage: 'config',
    kind: 'permanent',
    hint: 'correct the places listed above, then run `dhc config check`',
  },
  'config.missing': { stage: 'config', kind: 'permanent', hint: 'write one with `dhc init`, or name it with --config' },
  'config.secret': {
    stage: 'config',
    kind: 'permanent',
    hint: 'give secrets as ${env:NAME} or file:PATH',
  },
  'map.invalid': { stage: 'config', kind: 'permanent', hint: 'correct the places that are listed in the map' },

  // services
  'service.missing': {
    stage: 'service',
    kind: 'permanent',
    hint: 'run `npm run demo` once, or `node setup.mjs --services`',
  },
  'service.failed': {
    stage: 'service',
    kind: 'transient',
    hint: 'see the service log in the data folder, then `dhc doctor`',
  },
  'service.unreachable': {
    stage: 'service',
    kind: 'transient',
    hint: 'check the address and that the service runs: `dhc doctor`',
  },
  'service.port-taken': { stage: 'service', kind: 'permanent', hint: 'free the port or configure another' },
  'keystore.exists': {
    stage: 'service',
    kind: 'permanent',
    hint: 'open the one that is there; a new one opens none of its records. Move it away only if nothing was sealed',
  },
  'keystore.format': {
    stage: 'service',
    kind: 'permanent',
    hint: 'restore the keystore file and its table of salts from the same backup',
  },
  'keystore.missing': {
    stage: 'service',
    kind: 'permanent',
    hint: 'create it with `dhc init`; if it existed, restore it from backup before anything else',
  },
  'keystore.locked': {
    stage: 'service',
    kind: 'permanent',
    hint: 'check the passphrase that keystore.passphrase refers to',
  },

  'spool.missing': {
    stage: 'service',
    kind: 'permanent',
    hint: 'a file of the data folder was removed by hand; run `dhc doctor`, then read the source again',
  },

  // reading
  'source.missing': { stage: 'read', kind: 'permanent', hint: 'check the path or the name in the config' },
  'source.unreachable': {
    stage: 'read',
    kind: 'transient',
    hint: 'check address, network and that the system runs: `dhc check`',
  },
  'source.refused': { stage: 'read', kind: 'permanent', hint: 'check credentials and rights at the source' },
  'source.protocol': {
    stage: 'read',
    kind: 'permanent',
    hint: 'the source answered against its protocol; show its administrator this message',
  },
  'source.unsafe-link': {
    stage: 'read',
    kind: 'permanent',
    hint: 'the server names pages on another host; allow that host in the config if it is right',
  },
  'source.too-large': {
    stage: 'read',
    kind: 'permanent',
    hint: 'raise limits.itemBytes if this size is right, then retry the dead letter',
  },
  'source.count': {
    stage: 'read',
    kind: 'permanent',
    hint: 'ask the sender whether a message was lost on the way; those that are there were read',
  },
  'source.unplaced': {
    stage: 'read',
    kind: 'permanent',
    hint: 'let the view fill key and watermark of every row, then read the source again',
  },
  'source.empty': { stage: 'read', kind: 'permanent', hint: 'ask the sender for the content; the file held none' },
  'source.unreadable': {
    stage: 'read',
    kind: 'permanent',
    hint: 'check rights and that the file is not half-written, then retry',
  },
  'source.frame': {
    stage: 'read',
    kind: 'permanent',
    hint: 'bytes arrived that are no message; check framing at the sender',
  },

  // normalising: the whole item
  'item.format': {
    stage: 'normalize',
    kind: 'permanent',
    hint: "the content is not of the feed's format; move it to the right feed",
  },
  'item.truncated': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the content ends too early; ask the sender to send it again',
  },
  'item.charset': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'declare the true character set for the feed, then retry',
  },
  'item.unsupported': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'no map covers this type; add one (docs/adding-a-format.md), then retry',
  },
  'item.no-patient': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the item names no patient identifier; correct it at the source',
  },
  'item.invalid-bundle': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the OperationOutcome lists the faults: `dhc dead-letter show`',
  },
  'item.unsafe-xml': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'DOCTYPE, entities and extreme nesting are refused; export the document without them',
  },
  'item.internal': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'this is a fault of the bridge: report the code and the item id',
  },

  'map.limit': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the map does more work on this item than one item may take; simplify its loops',
  },

  // normalising: a place within an item
  'field.unmapped': { stage: 'normalize', kind: 'permanent', hint: 'extend the map if the field matters' },
  'field.invalid': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the value does not have the form of its type and was left out',
  },
  'field.missing': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the source does not carry a field that the target needs',
  },
  'field.placeholder': { stage: 'normalize', kind: 'permanent', hint: 'a placeholder such as 0000-00-00 was left out' },
  'field.check-digit': { stage: 'normalize', kind: 'permanent', hint: 'kept as sent; correct it at the source' },
  'field.no-zone': {
    stage: 'normalize',
    kind: 'permanent',
    hint: "the time has no offset; the hospital's zone was used",
  },
  'code.unmapped': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'add the code to a code map; the local coding was kept',
  },
  'structure.missing': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the standard demands a segment that was not sent; what it would say is unknown',
  },
  'structure.unknown': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the segment was kept in the source; read its fields in a map of your own if they matter',
  },
  'structure.unexpected': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'content stands where the standard does not expect it; it was kept',
  },
  'fhir.structure': { stage: 'normalize', kind: 'permanent', hint: 'the element breaks the R4 structure' },
  'fhir.value': { stage: 'normalize', kind: 'permanent', hint: 'the value breaks its R4 type' },
  'fhir.binding': { stage: 'normalize', kind: 'permanent', hint: 'the code is not in the required value set' },
  'fhir.invariant': { stage: 'normalize', kind: 'permanent', hint: 'the resource breaks an R4 invariant' },
  'fhir.reference': {
    stage: 'normalize',
    kind: 'permanent',
    hint: 'the reference has no target or one of the wrong type',
  },

  // sealing, storing, anchoring
  'seal.failed': {
    stage: 'seal',
    kind: 'permanent',
    hint: 'this is a fault of the bridge: report the code and the record id',
  },
  'seal.open': { stage: 'seal', kind: 'permanent', hint: 'wrong key, or the sealed bytes were changed' },
  'store.unreachable': { stage: 'store', kind: 'transient', hint: 'check that Kubo runs: `dhc doctor`' },
  'store.mismatch': {
    stage: 'store',
    kind: 'permanent',
    hint: 'the node returned another CID than the bytes have; check the node',
  },
  'store.missing': {
    stage: 'store',
    kind: 'transient',
    hint: 'the block is not on the node; restore it from the CAR archive or a replica',
  },
  'store.refused': {
    stage: 'store',
    kind: 'permanent',
    hint: 'the address is not a Kubo RPC of a known version, or it asks for credentials; check services.ipfs',
  },
  'store.failed': {
    stage: 'store',
    kind: 'transient',
    hint: 'the node reported a fault of its own; see its log, then `dhc doctor`',
  },
  'store.full': { stage: 'store', kind: 'transient', hint: 'free disk space for the IPFS repository' },
  'chain.unreachable': { stage: 'anchor', kind: 'transient', hint: 'check the RPC address: `dhc doctor`' },
  'chain.wrong-chain': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'services.chain names another chain than the RPC serves',
  },
  'chain.no-contract': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'no HealthIndex code at the configured address; check the address or deploy it',
  },
  'chain.no-funds': { stage: 'anchor', kind: 'permanent', hint: "the signer's account is empty; fund it, then resume" },
  'chain.no-role': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'the signer is not an admitted hospital; ask the alliance to admit it',
  },
  'chain.reverted': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'the contract refused the batch; the detail names its error',
  },
  'chain.pending': {
    stage: 'anchor',
    kind: 'ambiguous',
    hint: 'the transaction was sent and is not yet in a block; it is watched',
  },

  // consent on the chain
  'consent.terms': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'the terms of the consent are malformed; make them anew',
  },
  'consent.missing': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'nothing is handed over before the patient has granted it: `dhc share` asks, `dhc patient` grants',
  },
  'consent.expired': { stage: 'anchor', kind: 'permanent', hint: 'ask the patient again, with a later end' },
  'consent.revoked': {
    stage: 'anchor',
    kind: 'permanent',
    hint: 'the patient took it back for ever; only a new request can be granted',
  },
  'consent.approvals': {
    stage: 'anchor',
    kind: 'permanent',
    hint: "the scope is sensitive; ask the holder's board to approve it",
  },
  'consent.signature': {
    stage: 'anchor',
    kind: 'permanent',
    hint: "not the patient's signature over these terms, this contract and this chain; sign again",
  },

  // verification and use
  'receipt.format': { stage: 'verify', kind: 'permanent', hint: 'the file is not a receipt of a known format' },
  'cli.internal': {
    stage: 'cli',
    kind: 'permanent',
    hint: 'this is a fault of the bridge: run again with DHC_DEBUG=1 and report what it prints',
  },
  'cli.usage': { stage: 'cli', kind: 'permanent', hint: 'see `dhc --help`' },
  'cli.not-found': {
    stage: 'cli',
    kind: 'permanent',
    hint: 'list what there is with `dhc status`, `dhc runs` or `dhc dead-letter list`',
  },
  'cli.busy': {
    stage: 'cli',
    kind: 'transient',
    hint: 'another bridge works on this data folder; wait or stop it with `dhc down`',
  },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof codes;
