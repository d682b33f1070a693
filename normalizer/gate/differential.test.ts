/**
 * The gate against `validateResource` of `@medplum/core`: no resource in which Medplum finds an error passes, and what
 * Medplum passes is refused only for what Medplum does not look at (docs/decisions/0051).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonicalJson, parseLossless } from '../../core/json.ts';
import type { Issue } from '../../core/types.ts';
import { normalize } from '../index.ts';
import { isTree } from '../tree.ts';
import { checkBundle } from './index.ts';
import { resourceTypes } from './table.ts';
import { generate, random } from './testing/generate.ts';
import { mutate } from './testing/mutate.ts';
import { oracleErrors, resourceErrors } from './testing/oracle.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');
const CORPUS = join(import.meta.dirname, '../../../shared/corpus');

/** Errors of the gate on one resource, taken out of its bundle: its references have lost their targets. */
function gateErrors(resource: unknown): Issue[] {
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ fullUrl: 'http://x.org/1', resource }] };
  const text = canonicalJson(bundle);
  const issues = checkBundle(parseLossless(text) as fhir4.Bundle, text);
  return issues.filter(({ code }) => code !== 'fhir.reference');
}

function files(folder: string, ending: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** Bundles in the expected results of the samples. */
function sampleBundles(): fhir4.Bundle[] {
  return files(SAMPLES, /expected\/.*\.json$/).flatMap((file) =>
    [parseLossless(readFileSync(file, 'utf8'))].flat().flatMap((one) => {
      const bundle = isTree(one) ? one.bundle : undefined;
      return isTree(bundle) ? [bundle as unknown as fhir4.Bundle] : [];
    }),
  );
}

/** Resources of the FHIR samples, Bundles taken apart. */
function sampleResources(): unknown[] {
  return files(join(SAMPLES, 'fhir'), /^[^/]*\.json$/).flatMap((file) => {
    const content = parseLossless(readFileSync(file, 'utf8')) as { entry?: { resource: unknown }[] };
    return content.entry ? content.entry.map(({ resource }) => resource) : [content];
  });
}

/** Invariants of data types, which Medplum does not evaluate, and three of resources that it finds kept where they are not. */
const OURS =
  /breaks (?:(?:age|att|cnt|cpt|dis|drq|drt|eld|exp|ext|mqty|per|qty|rat|rng|sqt|tim|trd)-\d+|org-1|csd-1|que-2)$/;

describe('sound resources', () => {
  test('bundles of the samples pass both', () => {
    const bundles = sampleBundles();
    expect(bundles.length).toBeGreaterThan(50);
    for (const bundle of bundles) {
      const text = canonicalJson(bundle);
      expect(checkBundle(bundle, text)).toEqual([]);
      expect(oracleErrors(JSON.parse(text))).toEqual([]);
    }
  });

  test('FHIR samples are judged alike', () => {
    const resources = sampleResources();
    expect(resources.length).toBeGreaterThan(10);
    for (const resource of resources) {
      const found = resourceErrors(JSON.parse(canonicalJson(resource)));
      if (found.length > 0) expect(gateErrors(resource), found[0]).not.toEqual([]);
    }
  });

  test.skipIf(!existsSync(CORPUS))('bundles of the public corpora pass Medplum', { timeout: 300_000 }, () => {
    const context = {
      hospital: { id: 'h', name: 'H', timezone: 'Asia/Shanghai' },
      feed: 'f',
      receivedAt: '2026-03-01T00:00:00Z',
    };
    let judged = 0;
    for (const [kind, ending] of [
      ['hl7v2', /\.hl7$/],
      ['cda', /\.xml$/],
    ] as const)
      for (const file of files(join(CORPUS, kind), ending)) {
        const made = normalize({ kind, sourceKey: 'x', bytes: readFileSync(file) }, context);
        if (made.status === 'rejected') {
          expect(made.code, file).not.toBe('item.invalid-bundle');
          continue;
        }
        judged += 1;
        expect(oracleErrors(JSON.parse(canonicalJson(made.bundle))), file).toEqual([]);
      }
    expect(judged).toBeGreaterThan(100);
  });
});

describe('resources of every R4 type', { timeout: 120_000 }, () => {
  test.each([0.05, 0.2, 0.5])('made at random with density %s are judged alike', (density) => {
    for (const type of resourceTypes())
      for (const seed of [1, 2, 3]) {
        const resource = generate(type, random(seed * 7919 + type.length), density);
        const theirs = resourceErrors(JSON.parse(canonicalJson(resource)));
        const ours = gateErrors(resource);
        const told = `${type} ${seed}: ${theirs[0]}`;
        if (theirs.length > 0) expect(ours, told).not.toEqual([]);
        else
          expect(
            ours.filter(({ detail }) => !OURS.test(detail)),
            `${type} ${seed}`,
          ).toEqual([]);
      }
  });

  test('damaged anywhere are refused wherever Medplum refuses them', () => {
    const next = random(4711);
    const sound = [
      ...sampleBundles().flatMap(({ entry = [] }) => entry.map(({ resource }) => resource)),
      ...resourceTypes().map((type) => generate(type, random(type.length), 0.2)),
    ];
    let refused = 0;
    for (let n = 0; n < 4000; n++) {
      const damaged = mutate(JSON.parse(canonicalJson(sound[n % sound.length])), next);
      const theirs = resourceErrors(structuredClone(damaged));
      if (theirs.length === 0) continue;
      refused += 1;
      expect(gateErrors(damaged), `${theirs[0]}\n${JSON.stringify(damaged).slice(0, 2000)}`).not.toEqual([]);
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
