/**
 * What every bundle says of its own making: the bridge as Device, and a Provenance from the source
 * to all that was made of it (R4 Provenance; activity and agent types from its example bindings).
 */
import type { Mapping } from './draft.ts';
import { share } from './parts.ts';

const ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
/** R4 instant: to the second at least, with an offset. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function sourceBinary(contentType: string, bytes: Uint8Array): fhir4.Binary {
  return { resourceType: 'Binary', contentType, data: base64(bytes) };
}

/** Without a copy of the bytes. */
function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** The bridge itself, under the feed by which it took the source. */
export function bridgeDevice(feed: string): { readonly key: readonly string[]; readonly device: fhir4.Device } {
  const device: fhir4.Device = {
    resourceType: 'Device',
    deviceName: [{ name: 'DHC Bridge', type: 'model-name' }],
    identifier: [{ system: 'urn:dhc:feed', value: feed }],
  };
  return { key: ['bridge', feed], device };
}

/**
 * @param device `urn:uuid:…` of the bridge
 * @param occurred the source's own time. It is `recorded` where it is precise enough; else `recorded` is absent
 * with a reason: the time of receipt would give the same source other bytes each time (docs/decisions/0050).
 */
export function provenance(
  { name, version, sha256 }: Mapping,
  device: string,
  targets: readonly string[],
  source: { readonly reference?: string; readonly sha256: string },
  occurred: string | undefined,
): { readonly key: readonly string[]; readonly provenance: fhir4.Provenance } {
  const made = {
    resourceType: 'Provenance',
    ...(targets.length > 0 ? { target: targets.map((reference) => ({ reference })) } : {}),
    ...(occurred ? { occurredDateTime: occurred } : {}),
    ...(occurred && INSTANT.test(occurred)
      ? { recorded: occurred }
      : { _recorded: { extension: [{ url: ABSENT, valueCode: 'unknown' }] } }),
    policy: [`urn:dhc:mapping:${name}:${version}:${sha256}`],
    agent: [{ type: { coding: [ASSEMBLER] }, who: { reference: device } }],
    entity: [{ role: 'source', what: sourceReference(source) }],
  } as fhir4.Provenance;
  return { key: ['mapping', name, source.sha256], provenance: made };
}

const ASSEMBLER = share({
  system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  code: 'assembler',
});

function sourceReference({ reference, sha256 }: { reference?: string; sha256: string }): fhir4.Reference {
  return { ...(reference ? { reference } : {}), identifier: digestIdentifier(sha256) };
}

/** The digest as a URI (RFC 6920 `ni`), which any reader can compare. */
function digestIdentifier(sha256: string): fhir4.Identifier {
  const name = Buffer.from(sha256, 'hex').toString('base64url');
  return { system: 'urn:ietf:rfc:3986', value: `ni:///sha-256;${name}` };
}
