/**
 * The few types that cross the borders between rooms. Everything else is private to its room.
 *
 * Sizes are bytes, times are RFC 3339 strings, digests and tags are lower-case hex, CIDs are
 * CIDv1 strings (base32) unless a field says otherwise.
 */
import type { ZodType } from 'zod';
import type { ErrorCode } from './codes.ts';

// ── Left end of the street: connectors ─────────────────────────────────────────────────────────

export type SourceKind = 'hl7v2' | 'fhir' | 'dicom' | 'cda' | 'table';

/** One large component of an item that is read as a stream (a SOP instance of a study). */
export interface SourcePart {
  /** Stable within its item: the SOP Instance UID. May identify a person: never written unsealed. */
  readonly key: string;
  readonly mediaType: string;
  /** Opens the bytes afresh at each call; bounded memory. */
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What a connector hands over: exactly the bytes of the source, plus where they came from. */
export interface SourceItem {
  readonly type: 'item';
  /** Place in its source, stable over re-reads (file path, MSH-10, Patient/17, Study Instance UID). */
  readonly sourceKey: string;
  readonly kind: SourceKind;
  /** Character set that the transport or the configuration declares; the content may declare its own. */
  readonly charset?: string;
  readonly receivedAt: string;
  /** The bytes as received. For imaging a small JSON study manifest; the pixels are in `parts`. */
  readonly bytes: Uint8Array;
  readonly parts?: readonly SourcePart[];
}

/** Something that the connector saw but could not or would not read (oversize, unreadable, half a frame). */
export interface RefusedItem {
  readonly type: 'refused';
  readonly sourceKey: string;
  readonly kind: SourceKind;
  readonly receivedAt: string;
  /** Known size, so that a report can show it; the content may be too large to keep. */
  readonly size: number;
  /** The first bytes, at most 64 KiB, for the person who clears the dead letter. */
  readonly head: Uint8Array;
  readonly code: ErrorCode;
  /** What happened, without any patient value. */
  readonly detail: string;
}

/** Comes after all the items that it covers; opaque to everyone but its connector; JSON-serialisable. */
export interface Checkpoint<Cursor = unknown> {
  readonly type: 'checkpoint';
  readonly cursor: Cursor;
}

export interface ReadLimits {
  /** Stop after about this many items; a checkpoint follows. */
  readonly items: number;
  /** Stop after about this many bytes of items (parts not counted). */
  readonly bytes: number;
  /** Largest single item that is read whole; larger ones are refused as `source.too-large`. */
  readonly itemBytes: number;
}

export interface CheckStep {
  /** e.g. `dns`, `tcp`, `tls`, `auth`, `empty query`, `folder readable`. */
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'skip';
  readonly detail: string;
}

/** A thing that a source offers and that could be read: a folder, a resource type, a study count. */
export interface Discovered {
  readonly name: string;
  readonly count?: number;
  readonly detail?: string;
}

export type Outcome = 'anchored' | 'stored' | 'dead-letter';

/** What a connector may use of the house. */
export interface ConnectorContext {
  readonly feed: string;
  /** IANA zone of the hospital, e.g. `Asia/Shanghai`. */
  readonly timezone: string;
  /** Durable, encrypted, ordered store of pushed items; present where the bridge runs, absent in `check` and `convert`. */
  readonly inbox?: Inbox;
  readonly log: Log;
}

/** Durable before the promise resolves: the sender may be acknowledged then and not earlier. */
export interface Inbox {
  put(item: Omit<SourceItem, 'type' | 'parts'>): Promise<InboxEntry>;
  refuse(item: Omit<RefusedItem, 'type'>): Promise<void>;
  /** Items after `seq`, oldest first. Those that were taken and behind which the reader has gone on count as read. */
  read(
    after: number,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncIterable<{ seq: number; entry: SourceItem | RefusedItem }>;
  /** As `read`, for a look ahead: nothing counts as read. */
  peek: Inbox['read'];
}

export interface InboxEntry {
  readonly seq: number;
  /** True when the same sourceKey and the same bytes were put before: acknowledge again, nothing new was written. */
  readonly duplicate: boolean;
  /** True when the same sourceKey came before with other bytes; a repetition says what was said the first time. */
  readonly conflict: boolean;
  /** When these bytes came first. */
  readonly receivedAt: string;
}

/** One opened source. `read` may be called again with the last stored cursor at any time. */
export interface Source<Cursor = unknown> {
  /** Connects, authenticates, makes one empty query. Moves no data and never throws for an unreachable source: a step says so. */
  check(signal: AbortSignal): Promise<CheckStep[]>;
  discover?(signal: AbortSignal): AsyncIterable<Discovered>;
  /** From the beginning when the cursor is null. Throws BridgeError; a bad item is a RefusedItem, not a throw. */
  read(
    cursor: Cursor | null,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncIterable<SourceItem | RefusedItem | Checkpoint<Cursor>>;
  /** Told when items have reached an end (file archived, storage commitment answered). */
  settle?(sourceKeys: readonly string[], outcome: Outcome): Promise<void>;
  /** Starts to accept pushed items (an MLLP listener, a storage SCP) into the inbox of its context. */
  listen?(): Promise<Listener>;
  close(): Promise<void>;
}

export interface Listener {
  /** For people: `mllp://127.0.0.1:2575`. */
  readonly address: string;
  close(): Promise<void>;
}

/** A kind of source: one folder under `connectors/`, one line in `connectors/index.ts`. */
export interface Connector<Config = unknown, Cursor = unknown> {
  readonly kind: SourceKind;
  /** One sentence for `dhc init`, docs and the JSON Schema. */
  readonly summary: string;
  /** Every field has a description; validation, docs and JSON Schema come from it. `kind` is a literal in it. */
  readonly config: ZodType<Config>;
  readonly capabilities: { readonly push: boolean; readonly incremental: boolean; readonly parts: boolean };
  open(config: Config, context: ConnectorContext): Source<Cursor>;
}

// ── Normaliser ─────────────────────────────────────────────────────────────────────────────────

/** The business identifier of the person to whom a record belongs. */
export interface PatientIdentifier {
  readonly system: string;
  readonly value: string;
}

export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: ErrorCode;
  /** Place in the source (`PID-3[2].4`, an XPath, a DICOM keyword) or in the bundle (a FHIRPath). */
  readonly path: string;
  /** What happened, without any patient value. */
  readonly detail: string;
}

/** What of the source reached the bundle. Places, never values. */
export interface Coverage {
  /** Populated source fields seen. */
  readonly seen: number;
  /** Of these, read by a rule. */
  readonly mapped: number;
  /** Places of populated fields that no rule read, each with its number of occurrences. */
  readonly left: Readonly<Record<string, number>>;
  /** Codes without a mapping, as `system|code`, each with its number of occurrences. */
  readonly unmappedCodes: Readonly<Record<string, number>>;
}

/** Which element came from which place by which rule; only made for `preview`. */
export interface Trace {
  /** e.g. `Patient[0].birthDate` */
  readonly element: string;
  readonly source: string;
  readonly rule: string;
}

export interface Normalized {
  readonly status: 'ok' | 'issues';
  /** Not to be changed: what recurs, such as a ward, is one object in many bundles. */
  readonly bundle: fhir4.Bundle;
  /** Canonical JSON of the bundle: sorted keys, number text kept. These bytes are sealed. */
  readonly bytes: Uint8Array;
  /** Null where the record belongs to no person (an Organization): it is sealed for the hospital. */
  readonly patient: PatientIdentifier | null;
  readonly issues: readonly Issue[];
  readonly coverage: Coverage;
  /** sha256 of the map or code that made it, hex. */
  readonly mapping: { readonly name: string; readonly version: string; readonly sha256: string };
  /** Completeness, 0 to 1. */
  readonly quality: number;
  readonly trace?: readonly Trace[];
}

/** Refused by the reader or by the validation gate: becomes a dead letter with its outcome. */
export interface Rejected {
  readonly status: 'rejected';
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  readonly outcome: fhir4.OperationOutcome;
  readonly coverage?: Coverage;
}

// ── Sealing, storing, anchoring ────────────────────────────────────────────────────────────────

/** One sealed record of a batch; what the manifest and the journal keep of it. All of it may be public. */
export interface SealedRecord {
  /** C1: the sealed bundle. */
  readonly contentCid: string;
  /** C2: the key packet. */
  readonly capsuleCid: string;
  /** Index of sealed parts (SOP instances), where there are any. */
  readonly partsCid?: string;
  /** Of C1 and all parts, sealed. */
  readonly size: number;
  /** HMAC-SHA256 of the canonical bytes under a key that only holders of the content key can derive; hex, 32 bytes. */
  readonly commitment: string;
  /** Keyed pseudo-random index entry, hex, 16 bytes. */
  readonly tag: string;
}

export interface Batch {
  readonly manifestCid: string;
  /** Merkle root over the leaves of the records in manifest order, 0x-hex, 32 bytes. */
  readonly root: string;
  readonly count: number;
  readonly tags: readonly string[];
}

export type NormalizeStatus = 'pending' | 'ok' | 'issues' | 'rejected';
export type StoreStatus = 'pending' | 'pinned' | 'missing';
export type AnchorStatus = 'pending' | 'submitted' | 'included' | 'final' | 'reorged' | 'ambiguous';

/** Format 1. Verifies offline from us, for ever: only a key, an RPC and an IPFS node are needed. */
export interface Receipt {
  readonly format: 1;
  /** Decimal string. */
  readonly chainId: string;
  /** 0x-hex, 20 bytes, checksummed. */
  readonly contract: string;
  /** The account that anchored. */
  readonly hospital: string;
  /** Transaction hash, 0x-hex. */
  readonly tx: string;
  readonly block: { readonly number: number; readonly hash: string };
  readonly batch: { readonly root: string; readonly manifest: string; readonly count: number };
  /** Position in the manifest. */
  readonly index: number;
  readonly record: SealedRecord;
  /** Sibling hashes from the leaf to the root, 0x-hex. */
  readonly proof: readonly string[];
  readonly status: 'included' | 'final';
}

export interface VerdictCheck {
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly detail: string;
}

/** `fail` if any check failed, else `unknown` if any could not be made, else `pass`. */
export interface Verdict {
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly checks: readonly VerdictCheck[];
}

// ── House services ─────────────────────────────────────────────────────────────────────────────

/** Fields that a log line may carry: an allow-list, so that no patient value can slip in. */
export interface LogFields {
  readonly feed?: string;
  readonly run?: string;
  readonly batch?: string;
  readonly item?: string;
  readonly stage?: string;
  readonly code?: ErrorCode;
  readonly service?: string;
  readonly address?: string;
  readonly count?: number;
  readonly bytes?: number;
  readonly ms?: number;
  readonly cid?: string;
  readonly tx?: string;
  readonly status?: string;
}

/** `event` is a fixed phrase of ours, never text from a source or from another program's error. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
