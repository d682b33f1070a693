/**
 * FHIR R4 → the same, verbatim: a resource that is valid passes with every digit and letter as it came, in a `collection`
 * Bundle with its Provenance. What is not valid is refused with an OperationOutcome that lists the faults.
 */
import { createHash } from 'node:crypto';
import { parseLossless } from '../../core/json.ts';
import type { Normalized, PatientIdentifier, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { codeMapping, Draft } from '../draft.ts';
import { checkText } from '../gate/text.ts';
import { reject } from '../outcome.ts';
import { isTree } from '../tree.ts';
import { ownerOf } from './owner.ts';

const MAPPING = codeMapping('fhir', '1');

type Resource = fhir4.FhirResource;

export function normalizeFhir(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const checked = checkText(input.bytes);
  if (typeof checked !== 'string') return reject(checked.code, checked.detail, [checked]);
  const parsed = parseLossless(checked);
  if (!isTree(parsed) || typeof parsed.resourceType !== 'string')
    return reject('item.format', 'the content is no FHIR resource');
  const draft = new Draft(context, MAPPING);
  const resources = contentsOf(parsed as unknown as Resource, context);
  if (resources.length === 0) return draft.reject('item.format', 'the bundle holds no resource');
  if (new Set(resources.map(({ fullUrl }) => fullUrl)).size < resources.length)
    return draft.reject('item.unsupported', 'the bundle holds one resource twice');
  for (const { fullUrl, resource } of resources) draft.addVerbatim(fullUrl, resource);
  account(draft, parsed);
  const owners = owned(
    resources.map(({ resource }) => resource),
    context,
  );
  if (owners.length > 1)
    return draft.reject('item.unsupported', 'the bundle holds records of several patients: a record belongs to one');
  const occurred = lastUpdated(parsed);
  const only = resources.length === 1 ? resources[0]!.fullUrl : undefined;
  return draft.finish({
    patient: owners[0] ?? null,
    // The resources are the source: only its digest is added.
    source: { sha256: createHash('sha256').update(input.bytes).digest('hex'), ...(only ? { reference: only } : {}) },
    ...(occurred ? { occurred } : {}),
  });
}

interface Content {
  readonly fullUrl: string;
  readonly resource: Resource;
}

/** The entries of a Bundle that is only a wrapper; every other resource, a document or message Bundle too, stays whole. */
function contentsOf(resource: Resource, context: NormalizeContext): Content[] {
  const entries: unknown = resource.resourceType === 'Bundle' && WRAPPERS.has(resource.type) ? resource.entry : null;
  if (!Array.isArray(entries)) return [{ fullUrl: absoluteUrl(resource, undefined, context), resource }];
  return entries.flatMap((entry: unknown) => {
    if (!isTree(entry) || !isTree(entry.resource)) return [];
    const within = entry.resource as unknown as Resource;
    return [{ fullUrl: absoluteUrl(within, entry.fullUrl, context), resource: within }];
  });
}

const WRAPPERS = new Set(['collection', 'searchset', 'history', 'batch', 'transaction']);

/** As given, else a URN of the feed: the server's base is not known here. */
function absoluteUrl(resource: Resource, given: unknown, context: NormalizeContext): string {
  if (typeof given === 'string' && /^(https?|urn):/.test(given)) return given;
  // The gate tells of an id that is none; until then nothing may trust it to be a text.
  const id = typeof resource.id === 'string' ? resource.id : 'no-id';
  return `urn:dhc:${context.hospital.id}:fhir:${context.feed}:${resource.resourceType}:${id}`;
}

/** Each property of a resource counts as a place; verbatim means that all are mapped. */
function account(draft: Draft, resource: Record<string, unknown>): void {
  for (const key of Object.keys(resource)) {
    if (!/^_?[A-Za-z0-9]+$/.test(key)) continue;
    const place = `${resource.resourceType}.${key}`;
    draft.sources.seen(place);
    draft.sources.used(place, place, 'verbatim');
  }
}

function owned(resources: readonly Resource[], context: NormalizeContext): PatientIdentifier[] {
  const owners = new Map<string, PatientIdentifier>();
  for (const resource of resources) {
    const owner = ownerOf(resource, resources, context);
    if (owner) owners.set(JSON.stringify([owner.system, owner.value]), owner);
  }
  return [...owners.values()];
}

function lastUpdated(resource: Record<string, unknown>): string | undefined {
  const { meta } = resource;
  return isTree(meta) && typeof meta.lastUpdated === 'string' ? meta.lastUpdated : undefined;
}
