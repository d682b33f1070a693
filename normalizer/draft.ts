/**
 * A bundle in the making. Maps add resources under business keys; `finish` adds the source and its
 * Provenance, lets the gate judge, and makes the canonical bytes. The same input gives the same bytes: no
 * clock is read.
 */
import { createHash, hash } from 'node:crypto';
import type { ErrorCode } from '../core/codes.ts';
import { resourceUrn } from '../core/ids.ts';
import type { Issue, Normalized, PatientIdentifier, Rejected } from '../core/types.ts';
import type { NormalizeContext } from './context.ts';
import { judge, type Target } from './gate/index.ts';
import { reject } from './outcome.ts';
import { share } from './parts.ts';
import { bridgeDevice, provenance, sourceBinary } from './provenance.ts';
import { quality } from './quality.ts';
import type { Told } from './settle/index.ts';
import { SourceTracker } from './sources.ts';
import { tidy } from './tidy.ts';
import { filled } from './tree.ts';

export interface Mapping {
  readonly name: string;
  readonly version: string;
  /** Of the map, hex. */
  readonly sha256: string;
}

/** The mapping entry of a map that is code: its digest stands for name and version, which change with it. */
export function codeMapping(name: string, version: string): Mapping {
  return { name, version, sha256: createHash('sha256').update(`${name}\0${version}`).digest('hex') };
}

/** How the source is kept: as a Binary that `finish` adds, or by a resource that the map has added itself (if by one). */
export type KeptSource =
  | { readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly reference?: string; readonly sha256: string };

export interface Finish {
  /** Null where the record belongs to no person. */
  readonly patient: PatientIdentifier | null;
  readonly source: KeptSource;
  /** FHIR dateTime of the message or document itself, as precise as it is there. */
  readonly occurred?: string;
}

/** The resource never changes: entries that recur are shared between bundles. */
export interface Entry extends Target {
  readonly fullUrl: string;
  readonly resource: fhir4.FhirResource;
  readonly verbatim: boolean;
  /** Of one that comes again and again: as it stands in bundles. */
  inBundles?: fhir4.BundleEntry | undefined;
}

function entryOf(fullUrl: string, resource: fhir4.FhirResource, verbatim: boolean): Entry {
  return { fullUrl, resource, verbatim, type: resource.resourceType, written: undefined, inBundles: undefined };
}

export class Draft {
  readonly context: NormalizeContext;
  readonly mapping: Mapping;
  readonly sources: SourceTracker;
  readonly #entries = new Map<string, Entry>();
  readonly #issues: Issue[] = [];
  #unmapped = 0;
  readonly #told: Told = {
    code: (system, code) => {
      const detail = 'a code that its standard system does not have was kept as a local one';
      this.issue('information', 'code.unmapped', '', detail);
      this.unmappedCode(system, code);
    },
    note: (detail) => this.issue('information', 'field.invalid', '', detail),
  };
  #added: Entry[] | undefined;
  /** Entries that have become one with another: when they recur, they say nothing new. */
  readonly #merged = new Set<Entry>();
  /** Grows with all that was read of which only this item can know: its times, its owner, its own name. */
  peculiar = 0;

  constructor(context: NormalizeContext, mapping: Mapping) {
    this.context = context;
    this.mapping = mapping;
    this.sources = new SourceTracker(context.trace ?? false);
  }

  /** `urn:uuid:…` of a resource by its business key, whether or not it was added yet. */
  urn(type: fhir4.FhirResource['resourceType'], key: readonly string[]): string {
    return resourceUrn(this.context.hospital.id, type, key);
  }

  /**
   * Adds a resource (without id) or fills what the one under the same type and key lacks.
   * @returns its `urn:uuid:…`, for references
   */
  add<R extends fhir4.FhirResource>(key: readonly string[], resource: R): string {
    return this.addAs(this.urn(resource.resourceType, key), resource);
  }

  /** As `add`, where the `urn:uuid:…` was asked for before; the resource may have its id already. */
  addAs<R extends fhir4.FhirResource>(urn: string, resource: R): string {
    const id = urn.slice('urn:uuid:'.length);
    const tidied = this.#tidied(resource);
    const made = tidied.id === id ? tidied : { ...tidied, id };
    this.addMade(entryOf(urn, made, false));
    return urn;
  }

  /** Adds what was made before, of this item or of another one. */
  addMade(entry: Entry): void {
    this.#added?.push(entry);
    const present = this.#entries.get(entry.fullUrl);
    if (present === undefined) this.#entries.set(entry.fullUrl, entry);
    else if (present !== entry && !this.#merged.has(entry)) {
      this.#fill(present, entry.resource);
      this.#merged.add(entry).add(present);
    }
  }

  /** What is added from now on goes into this list, too. @returns the list before */
  gather(added: Entry[] | undefined): Entry[] | undefined {
    const before = this.#added;
    this.#added = added;
    return before;
  }

  get isGathering(): boolean {
    return this.#added !== undefined;
  }

  #fill(present: Entry, more: object): void {
    const resource = filled(present.resource as never, more as never);
    if (resource !== present.resource)
      this.#entries.set(present.fullUrl, { ...present, resource, inBundles: undefined });
  }

  /** `urn:uuid:…` of the resource of a type that was added first. */
  first(type: fhir4.FhirResource['resourceType']): string | undefined {
    for (const { fullUrl, resource } of this.#entries.values()) if (resource.resourceType === type) return fullUrl;
    return undefined;
  }

  /** Fills what an added resource lacks, by its `urn:uuid:…`. */
  extend<R extends fhir4.FhirResource>(urn: string, more: Partial<R>): void {
    const present = this.#entries.get(urn);
    if (present) this.#fill(present, this.#tidied(more));
  }

  /** Adds a resource exactly as it came, under its absolute URL; the bundle becomes a `collection`. */
  addVerbatim(fullUrl: string, resource: fhir4.FhirResource): void {
    this.#entries.set(fullUrl, entryOf(fullUrl, resource, true));
  }

  /** @param detail one sentence without any patient value */
  issue(severity: Issue['severity'], code: ErrorCode, path: string, detail: string): void {
    this.#issues.push({ severity, code, path, detail });
  }

  /** Grows with all that is told of the item. */
  get told(): number {
    return this.#issues.length + this.#unmapped;
  }

  unmappedCode(system: string, code: string): void {
    this.#unmapped += 1;
    this.sources.unmappedCode(system, code);
  }

  #tidied<T>(made: T): T {
    return tidy(made, this.context.hospital.id, this.#told);
  }

  /** Refuses the whole item with what was found so far. */
  reject(code: ErrorCode, detail: string): Rejected {
    const issue: Issue = { severity: 'error', code, path: '', detail };
    return reject(code, detail, [issue, ...this.#issues], this.sources.coverage());
  }

  finish(end: Finish): Normalized | Rejected {
    const bundle = this.compose(end);
    const coverage = this.sources.coverage();
    const { issues: found, bytes } = judge(bundle, this.#entries);
    const issues = [...this.#issues, ...found];
    if (found.some((issue) => issue.severity === 'error'))
      return reject('item.invalid-bundle', 'the bundle is not valid R4', issues, coverage);
    const trace = this.sources.trace();
    return {
      status: issues.some((issue) => issue.severity !== 'information') ? 'issues' : 'ok',
      bundle,
      bytes,
      patient: end.patient,
      issues,
      coverage,
      mapping: this.mapping,
      quality: quality(coverage, issues),
      ...(trace ? { trace } : {}),
    };
  }

  /** The bundle with its source and Provenance, not yet judged. */
  compose(end: Finish): fhir4.Bundle {
    const targets = [...this.#entries.values()];
    const source = this.#keep(end.source);
    const verbatim = targets.some((entry) => entry.verbatim);
    const urls = targets.map((entry) => entry.fullUrl);
    const made = provenance(this.mapping, this.#addBridge(), urls, source, end.occurred);
    const fullUrl = this.urn('Provenance', made.key);
    this.addMade(entryOf(fullUrl, { ...made.provenance, id: fullUrl.slice('urn:uuid:'.length) }, false));
    const entries = [...this.#entries.values()];
    return verbatim
      ? {
          resourceType: 'Bundle',
          type: 'collection',
          entry: entries.map(({ fullUrl, resource }) => ({ fullUrl, resource })),
        }
      : { resourceType: 'Bundle', type: 'transaction', entry: entries.map(bundleEntry) };
  }

  /** The bridge itself is the same in every bundle. @returns its `urn:uuid:…` */
  #addBridge(): string {
    const { hospital, feed } = this.context;
    if (bridge?.hospital !== hospital.id || bridge.feed !== feed) {
      const { key, device } = bridgeDevice(feed);
      const fullUrl = this.urn('Device', key);
      const resource = { ...device, id: fullUrl.slice('urn:uuid:'.length) };
      bridge = { hospital: hospital.id, feed, entry: recurrent(entryOf(fullUrl, resource, false)) };
    }
    this.addMade(bridge.entry);
    return bridge.entry.fullUrl;
  }

  #keep(source: KeptSource): { reference?: string; sha256: string } {
    if ('sha256' in source) return source;
    const sha256 = hash('sha256', source.bytes, 'hex');
    return { reference: this.add([sha256], sourceBinary(source.contentType, source.bytes)), sha256 };
  }
}

/** Of the feed that was asked for last. */
let bridge: { readonly hospital: string; readonly feed: string; readonly entry: Entry } | undefined;

/** Marks an entry that will stand in many bundles. */
export function recurrent(entry: Entry): Entry {
  entry.inBundles = share(transactionEntry(entry));
  return entry;
}

function bundleEntry(entry: Entry): fhir4.BundleEntry {
  return entry.inBundles ?? transactionEntry(entry);
}

function transactionEntry({ fullUrl, resource }: Entry): fhir4.BundleEntry {
  return { fullUrl, resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } };
}
