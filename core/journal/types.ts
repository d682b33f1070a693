/**
 * The journal: what has happened to every item, so that a kill between any two lines loses nothing.
 * Each method that writes is one durable transaction and may be repeated with the same arguments.
 * Source keys and cursors go in clear and are digested and encrypted before they reach a column.
 */
import type { ErrorCode, ErrorKind, Stage } from '../codes.ts';
import type { AnchorStatus, Coverage, NormalizeStatus, Receipt, SourceKind, StoreStatus } from '../types.ts';

export interface Journal
  extends JournalSteps,
    JournalQueries,
    DeadLetters,
    InboxTable,
    AnchorTable,
    CopyTable,
    LikenessTable,
    ErasureTable {
  close(): void;
}

/** The steps of the street, in order. */
export interface JournalSteps {
  /** Makes the feed and its run known; an earlier open run of the feed is closed as `interrupted`. */
  beginRun(feed: string, kind: SourceKind, run: string): Promise<void>;
  endRun(run: string, state: Exclude<RunState, 'running'>): Promise<void>;
  /** Last committed read position; `seq` counts the committed reads of the feed. */
  position(feed: string): Promise<Position>;
  /** Which of these source keys and contents are new: the others need no spooling. */
  known(feed: string, candidates: readonly { sourceKey: string; contentDigest: string }[]): Promise<boolean[]>;
  /** After a read: items, refused items and the cursor. A `seq` that was committed before gives its batch back. */
  addRead(step: ReadStep): Promise<BatchRow>;
  /** After a read that found nothing new: the cursor alone moves on. */
  addPosition(step: { feed: string; run: string; cursor: unknown; duplicates: number }): Promise<void>;
  addNormalized(batch: string, results: readonly NormalizeResult[]): Promise<BatchRow>;
  addSealed(batch: string, sealed: SealedBatch): Promise<BatchRow>;
  addStored(batch: string): Promise<BatchRow>;
  /** Receipts of an included or final batch; replaces those written before a reorganisation. */
  addReceipts(batch: string, receipts: readonly ItemReceipt[], status: 'included' | 'final'): Promise<BatchRow>;
  /** The chain lost the block: the batch waits for its anchor again. */
  addReorg(batch: string): Promise<BatchRow>;
  /** Forgets where the bytes of a final batch lie in the spool; returns the ids to remove there, also when repeated. */
  release(batch: string, removed: boolean): Promise<string[]>;
  /** Final batches whose bytes still lie in the spool, because the bridge died before it could remove them. */
  unreleased(): Promise<string[]>;
}

export interface JournalQueries {
  feeds(): Promise<FeedRow[]>;
  runs(filter?: { feed?: string; limit?: number }): Promise<RunRow[]>;
  /** For each feed, at this moment: read = pending + normalised + dead-lettered. */
  accounting(): Promise<Accounting[]>;
  batch(id: string): Promise<BatchRow>;
  /** Oldest first. */
  batches(filter?: BatchFilter): Promise<BatchRow[]>;
  batchCounts(): Promise<Partial<Record<BatchState, number>>>;
  batchItems(batch: string): Promise<ItemRow[]>;
  batchRecords(batch: string): Promise<RecordRow[]>;
  item(id: string): Promise<ItemRow | undefined>;
  /** Newest first; `sourceKey` is matched by its keyed digest. */
  items(filter?: ItemFilter): Promise<ItemRow[]>;
  /** The decrypted key of an item, for a person who may see it. */
  sourceKey(item: string): Promise<string>;
  record(item: string): Promise<RecordRow | undefined>;
  receipt(item: string): Promise<Receipt | undefined>;
  unmappedCodes(feed?: string): Promise<{ feed: string; code: string; count: number }[]>;
  coverage(): Promise<CoverageRow[]>;
}

export interface DeadLetters {
  deadLetters(filter?: DeadLetterFilter): Promise<DeadLetterRow[]>;
  /** Number of open letters by feed. */
  openLetters(): Promise<Record<string, number>>;
  deadLetter(id: number): Promise<DeadLetterRow | undefined>;
  /** Puts the items of open letters with spooled bytes into one new batch for each feed; returns the batches. */
  retry(letters: readonly number[]): Promise<BatchRow[]>;
  /**
   * A refused item was read again in full: it gets its bytes and a new attempt in a batch of its own. Undefined where
   * that content has come in as another item since: then the letter is resolved.
   */
  retryReread(letter: number, item: RereadItem): Promise<BatchRow | undefined>;
  discard(letters: readonly number[]): Promise<number>;
}

/** Durable list of pushed items, see `inbox.ts`. */
export interface InboxTable {
  /** One transaction; the answers are in the order of the rows. */
  inboxPut(rows: readonly NewInboxRow[]): Promise<InboxPut[]>;
  inboxRead(feed: string, after: number, limit: number): Promise<InboxRow[]>;
  /** The bytes of a row that are not in the spool. */
  inboxBody(seq: number): Promise<Uint8Array | null>;
  /**
   * Forgets the bytes of consumed rows; the digests stay, so that a resend is recognised.
   * @returns ids of those that lie in the spool
   */
  inboxConsumed(feed: string, upTo: number): Promise<string[]>;
  inboxDepth(feed: string): Promise<number>;
}

/** What the quality of records is made of; signatures are keyed and tell nothing of the content. */
export interface LikenessTable {
  /** Signatures of the patient's records with a smaller tag counter, the latest first. */
  signatures(patientRef: string, before: number, limit: number): Promise<Uint8Array[]>;
  /** When a patient is erased. */
  forgetSignatures(patientRef: string): Promise<void>;
}

/** A record whose keys were destroyed on purpose. */
export interface Erasure {
  readonly item: string;
  /** ISO 8601, when it was begun. */
  readonly at: string;
  /** Whether the attempt to open it afterwards failed, as it must; null before it was made. */
  readonly closed: boolean | null;
  /** Whether its anchor and receipt still held then; null before that was asked. */
  readonly anchored: boolean | null;
}

/** Tells records that nobody is to open any more from records whose keys were lost. */
export interface ErasureTable {
  /** Before the keys are destroyed. Repeating it changes nothing. */
  beginErasure(patientRef: string, items: readonly string[]): Promise<void>;
  proveErasure(item: string, proof: { readonly closed: boolean; readonly anchored: boolean }): Promise<void>;
  erasure(item: string): Promise<Erasure | undefined>;
  wasErased(patientRef: string): Promise<boolean>;
}

/** Which further places have which batches. */
export interface CopyTable {
  addCopy(batch: string, target: string): Promise<void>;
  /** Names of the places that have it. */
  copies(batch: string): Promise<string[]>;
  /** Stored batches that the place does not have, oldest first. */
  withoutCopy(target: string, limit: number): Promise<BatchRow[]>;
}

/** What the anchoring keeps of each transaction; opaque rows for the state machine of `anchor/chain`. */
export interface AnchorTable {
  putAnchor(row: AnchorRow): Promise<void>;
  anchor(batch: string): Promise<AnchorRow | undefined>;
  anchors(filter?: { chainId?: string; statuses?: readonly AnchorStatus[] }): Promise<AnchorRow[]>;
}

export type RunState = 'running' | 'done' | 'cancelled' | 'failed' | 'interrupted';

/** `empty` = every item of the batch was refused or a duplicate; nothing is left to seal. */
export type BatchState = 'read' | 'normalized' | 'sealed' | 'stored' | 'included' | 'final' | 'empty';

export interface Position {
  readonly seq: number;
  /** Null before the first read. */
  readonly cursor: unknown;
}

export interface ReadStep {
  readonly feed: string;
  readonly run: string;
  /** `position().seq` + 1. */
  readonly seq: number;
  readonly cursor: unknown;
  readonly items: readonly NewItem[];
  readonly refused: readonly NewRefused[];
  /** Items that the read met again with the same bytes. */
  readonly duplicates: number;
  /** The source had nothing more at this moment. */
  readonly drained: boolean;
}

export interface NewItem {
  readonly id: string;
  readonly sourceKey: string;
  readonly kind: SourceKind;
  readonly charset?: string;
  /** SHA-256 of the bytes, hex; kept only as a keyed digest. */
  readonly contentDigest: string;
  readonly size: number;
  readonly receivedAt: string;
  readonly spool: string;
  readonly parts?: readonly ItemPart[];
}

/** A spooled SOP instance. */
export interface ItemPart {
  /** `SourcePart.key`; encrypted in the journal. */
  readonly key: string;
  readonly spool: string;
  readonly size: number;
  readonly sha256: string;
}

export interface NewRefused {
  readonly id: string;
  readonly sourceKey: string;
  readonly kind: SourceKind;
  readonly contentDigest: string;
  readonly size: number;
  readonly receivedAt: string;
  readonly code: ErrorCode;
  /** Where the first bytes lie in the spool. */
  readonly head: string;
}

export type NormalizeResult = Accepted | Refusal;

export interface Accepted {
  readonly item: string;
  readonly status: 'ok' | 'issues';
  /** Canonical bundle in the spool. */
  readonly bundle: string;
  readonly patientRef: string;
  readonly mapping: { readonly name: string; readonly version: string; readonly sha256: string };
  readonly quality: number;
  readonly issues: number;
  readonly coverage: Coverage;
}

/** Of any stage: the item becomes a dead letter. */
export interface Refusal {
  readonly item: string;
  readonly status: 'rejected';
  readonly code: ErrorCode;
  /** OperationOutcome in the spool. */
  readonly outcome?: string;
  readonly coverage?: Coverage;
}

export interface SealedBatch {
  readonly manifestCid: string;
  readonly root: string;
  readonly carPath: string;
  /** In manifest order: the place in the list is the leaf index. */
  readonly records: readonly SealedItem[];
  /** Mean quality that the manifest states, in basis points. */
  readonly quality?: number;
  /** Of each record. */
  readonly scores?: readonly RecordScore[];
  /** Items that could not be sealed. */
  readonly refused: readonly Refusal[];
}

export interface SealedItem {
  readonly item: string;
  readonly contentCid: string;
  readonly capsuleCid: string;
  readonly partsCid?: string;
  readonly size: number;
  readonly commitment: string;
  readonly tag: string;
}

export interface RecordScore {
  readonly item: string;
  /** Basis points. */
  readonly score: number;
  /** What later records of the patient are compared with. */
  readonly signature: Uint8Array;
}

export interface ItemReceipt {
  readonly item: string;
  readonly receipt: Receipt;
}

export interface FeedRow {
  readonly name: string;
  readonly kind: SourceKind;
  readonly seq: number;
  readonly lastReadAt: string | null;
}

export interface RunRow {
  readonly id: string;
  readonly feed: string;
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly read: number;
  readonly duplicates: number;
  readonly normalized: number;
  readonly deadLettered: number;
  readonly stored: number;
  readonly final: number;
}

export interface Accounting {
  readonly feed: string;
  /** Counted when read; never recomputed. */
  readonly read: number;
  readonly pending: number;
  readonly normalized: number;
  readonly deadLettered: number;
  readonly duplicates: number;
  readonly stored: number;
  readonly final: number;
  /** read = pending + normalized + deadLettered */
  readonly holds: boolean;
}

export interface BatchRow {
  readonly id: string;
  readonly feed: string;
  readonly run: string;
  readonly state: BatchState;
  /** Items read into it, refused ones included. */
  readonly items: number;
  readonly refused: number;
  readonly duplicates: number;
  readonly bytes: number;
  readonly drained: boolean;
  readonly manifestCid: string | null;
  readonly root: string | null;
  /** Sealed records. */
  readonly count: number;
  readonly carPath: string | null;
  readonly readAt: string;
  readonly storedAt: string | null;
  readonly finalAt: string | null;
  /** Mean quality that the manifest states, in basis points. */
  readonly quality: number | null;
}

export interface ItemRow {
  readonly id: string;
  readonly feed: string;
  readonly run: string;
  readonly batch: string;
  readonly kind: SourceKind;
  readonly charset: string | null;
  readonly size: number;
  readonly receivedAt: string;
  readonly attempts: number;
  readonly version: number;
  readonly supersedes: string | null;
  readonly normalize: NormalizeStatus;
  readonly store: StoreStatus;
  readonly anchor: AnchorStatus;
  readonly dead: boolean;
  readonly spool: string | null;
  readonly parts: readonly ItemPart[];
  readonly bundle: string | null;
  readonly patientRef: string | null;
  /** Counter of the record's tag within its patient; given once for ever. */
  readonly tagCounter: number | null;
  /** Share of the source that reached the bundle, 0 to 1; null before it was normalised. */
  readonly quality: number | null;
  readonly issues: number;
}

export interface BatchFilter {
  readonly feed?: string;
  readonly states?: readonly BatchState[];
  readonly limit?: number;
  readonly newestFirst?: boolean;
}

export interface ItemFilter {
  readonly feed?: string;
  readonly run?: string;
  readonly sourceKey?: string;
  readonly patientRef?: string;
  readonly normalize?: NormalizeStatus;
  readonly store?: StoreStatus;
  readonly anchor?: AnchorStatus;
  readonly dead?: boolean;
  readonly limit?: number;
  readonly offset?: number;
}

export interface RecordRow extends SealedItem {
  readonly batch: string;
  readonly leafIndex: number;
  readonly patientRef: string;
  /** Share of the source that reached the bundle, 0 to 1. */
  readonly quality: number;
  /** Quality among the patient's other records, in basis points; null for records of releases without it. */
  readonly score: number | null;
  readonly mapping: { readonly name: string; readonly version: string; readonly sha256: string };
}

export type RereadItem = Pick<NewItem, 'spool' | 'contentDigest' | 'size' | 'parts'>;

export type DeadLetterState = 'open' | 'retried' | 'resolved' | 'discarded';

export interface DeadLetterRow {
  readonly id: number;
  readonly item: string;
  readonly feed: string;
  readonly attempt: number;
  readonly stage: Stage;
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly at: string;
  /** OperationOutcome in the spool. */
  readonly outcome: string | null;
  /** First bytes of an item that was refused when read, in the spool. */
  readonly head: string | null;
  /** The whole bytes are in the spool; otherwise the source has to be read again. */
  readonly spooled: boolean;
  readonly state: DeadLetterState;
  /** Letter of the attempt before. */
  readonly previous: number | null;
}

export interface DeadLetterFilter {
  readonly feed?: string;
  readonly state?: DeadLetterState;
  readonly code?: ErrorCode;
  readonly item?: string;
  readonly limit?: number;
}

export interface CoverageRow {
  readonly feed: string;
  readonly mapping: string;
  readonly items: number;
  readonly seen: number;
  readonly mapped: number;
  /** Places that no rule read, most frequent first, at most 100. */
  readonly left: readonly { place: string; count: number }[];
}

export interface NewInboxRow {
  readonly feed: string;
  readonly sourceKey: string;
  readonly contentDigest: string;
  readonly kind: SourceKind;
  readonly charset?: string;
  readonly receivedAt: string;
  readonly size: number;
  /** The bytes themselves, or the id under which the spool has them. */
  readonly body: Uint8Array | string;
  /** Present where the sender's item was refused. */
  readonly refusal?: { readonly code: ErrorCode; readonly detail: string };
}

export interface InboxRow extends Omit<NewInboxRow, 'contentDigest' | 'body'> {
  readonly seq: number;
  /** Id of the bytes in the spool; absent where `inboxBody` has them. */
  readonly spool?: string;
}

export interface InboxPut {
  readonly seq: number;
  readonly duplicate: boolean;
  readonly conflict: boolean;
  readonly receivedAt: string;
}

export interface AnchorRow {
  /** A batch, or the goal of another transaction of the same account. */
  readonly batch: string;
  readonly chainId: string;
  readonly contract: string;
  readonly status: AnchorStatus;
  readonly nonce: number | null;
  readonly rawTx: string | null;
  /** Every hash that this nonce ever had. */
  readonly hashes: readonly string[];
  readonly block: { readonly number: number; readonly hash: string } | null;
  readonly gas: string | null;
}
