/** What a normaliser is told besides the bytes. */
import type { SourceKind } from '../core/types.ts';
import type { CompiledMap } from './mapping/index.ts';

export interface HospitalContext {
  readonly id: string;
  readonly name: string;
  /** IANA zone, used where a source writes a time without an offset. */
  readonly timezone: string;
  /** Identifier system of the hospital's own patient numbers: the preferred owner of a record. */
  readonly patientSystem?: string;
}

export interface NormalizeContext {
  readonly hospital: HospitalContext;
  readonly feed: string;
  /** Character set that the configuration or the transport declares. */
  readonly charset?: string;
  readonly receivedAt: string;
  /** Makes `Normalized.trace`; only for `preview`. */
  readonly trace?: boolean;
  /** The map of this feed; without it the shipped ones are used. */
  readonly map?: CompiledMap;
  /** Name of an assigning authority → identifier system URI. */
  readonly assigners?: Readonly<Record<string, string>>;
}

/** One SOP instance of a study, as far as a normaliser may see it. */
export interface PartHeader {
  readonly key: string;
  /** The bytes up to the pixel data. */
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Of the whole instance, hex. */
  readonly sha256: string;
}

export interface NormalizeInput {
  readonly kind: SourceKind;
  readonly sourceKey: string;
  readonly bytes: Uint8Array;
  /** Imaging: one for each part, in the order of the parts. */
  readonly headers?: readonly PartHeader[];
  /** What the kind's own reader has made of the bytes already, so that its source format need not read them again. */
  readonly read?: unknown;
}
