/** Public documents of many vendors, and hostile ones: nothing crashes, everything accepted passed the gate. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext } from '../context.ts';
import { normalize } from '../index.ts';

const context: NormalizeContext = {
  hospital: { id: 'corpus', name: 'Corpus', timezone: 'Asia/Shanghai' },
  feed: 'cda',
  receivedAt: '2026-03-01T00:00:00Z',
};

function read(text: string | Uint8Array): Normalized | Rejected {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return normalize({ kind: 'cda', sourceKey: 'x', bytes }, context);
}

const V3 = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const PATIENT = '<recordTarget><patientRole><id root="1.2.3" extension="P1"/></patientRole></recordTarget>';

/** A fragment of the examples within the smallest document that can hold it. */
function wrapped(fragment: string): string {
  const bare = fragment.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '').replace(/<\?[^>]*\?>/g, '');
  const root = /^\s*(?:<!--[\s\S]*?-->\s*)*<([\w:]+)/.exec(bare)?.[1] ?? '';
  const inEntry = ['act', 'observation', 'organizer', 'procedure', 'encounter', 'supply', 'substanceAdministration'];
  const entry = inEntry.includes(root) ? `<entry>${bare}</entry>` : bare;
  const section = root === 'section' ? bare : `<section><title>t</title><text>n</text>${entry}</section>`;
  const body = root === 'component' ? bare : `<component>${section}</component>`;
  return `<ClinicalDocument ${V3} xmlns:sdtc="urn:hl7-org:sdtc"><id root="1.2.4" extension="D1"/>${PATIENT}<component><structuredBody>${body}</structuredBody></component></ClinicalDocument>`;
}

const corpus = new URL('../../../shared/corpus/cda/', import.meta.url);
describe.skipIf(!existsSync(corpus))('the corpus', () => {
  const rows = existsSync(corpus)
    ? readFileSync(new URL('manifest.jsonl', corpus), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { path: string; doc: string; root: string | null })
    : [];
  const load = (path: string) => readFileSync(new URL(encodeURI(path), corpus));
  const full = rows.filter((row) => row.doc === 'full').map((row) => ({ ...row, bytes: load(row.path) }));

  it('accepts every complete document that names its patient', { timeout: 120_000 }, () => {
    const made = full.map((row) => ({ path: row.path, result: read(row.bytes) }));
    const refused = made.filter(({ result }) => result.status === 'rejected');
    const codes = new Set(refused.map(({ result }) => (result.status === 'rejected' ? result.code : '')));
    // Twelve examples show one part of a header and name no patient identifier.
    expect([...codes]).toEqual(['item.no-patient']);
    expect(refused).toHaveLength(12);
    expect(made.length - refused.length).toBe(187);
    for (const { result } of made) if (result.status !== 'rejected') expect(result.coverage.mapped).toBeGreaterThan(10);
  });

  it('gives the same bytes again', { timeout: 60_000 }, () => {
    for (const { bytes } of full.slice(0, 40)) {
      const [a, b] = [read(bytes), read(bytes)];
      if (a.status !== 'rejected' && b.status !== 'rejected') expect(Buffer.from(a.bytes).equals(b.bytes)).toBe(true);
    }
  });

  it('reads the fragments, or refuses what is no XML', { timeout: 120_000 }, () => {
    const fragments = rows.filter((row) => row.doc === 'fragment' && row.path.endsWith('.xml'));
    const results = fragments.map((row) => ({ path: row.path, made: read(wrapped(load(row.path).toString('utf8'))) }));
    const refused = results.filter(({ made }) => made.status === 'rejected');
    const unread = refused.map(({ made }) => (made.status === 'rejected' ? made.code : ''));
    expect(new Set(unread)).toEqual(new Set(['item.format']));
    expect(refused.length / results.length).toBeLessThan(0.1);
  });

  it('survives any cut and any changed byte of a real document', { timeout: 120_000 }, () => {
    const { bytes } = full.find((row) => row.bytes.length > 20_000 && row.bytes.length < 40_000)!;
    const place = fc.integer({ min: 0, max: bytes.length - 1 });
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
        const changed = Uint8Array.from(cut ? bytes.subarray(0, at) : bytes);
        if (!cut) changed[at] = byte;
        const made = read(changed);
        return made.status !== 'rejected' || (made.code !== 'item.internal' && made.code !== 'item.invalid-bundle');
      }),
      { numRuns: 150 },
    );
  });
});

const hostile: [string, string, string][] = [
  ['another root', `<Patient ${V3}/>`, 'item.format'],
  ['no patient', `<ClinicalDocument ${V3}/>`, 'item.no-patient'],
  [
    'a patient without number',
    `<ClinicalDocument ${V3}><recordTarget><patientRole><id nullFlavor="UNK"/></patientRole></recordTarget></ClinicalDocument>`,
    'item.no-patient',
  ],
  [
    'two patients',
    `<ClinicalDocument ${V3}>${PATIENT}${PATIENT.replace('P1', 'P2')}</ClinicalDocument>`,
    'item.unsupported',
  ],
  [
    'billion laughs',
    `<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><ClinicalDocument ${V3}>&b;</ClinicalDocument>`,
    'item.unsafe-xml',
  ],
];

it.each(hostile)('refuses %s', (_name, text, code) => {
  expect(read(text)).toMatchObject({ status: 'rejected', code });
});

it('takes a document of nothing but a patient', () => {
  const made = read(`<ClinicalDocument ${V3}>${PATIENT}</ClinicalDocument>`);
  expect(made.status).not.toBe('rejected');
});

it('keeps markup of a title and a narrative from becoming markup of the bundle', () => {
  const section =
    '<component><section><title>&lt;script&gt;x&lt;/script&gt;</title><text>&lt;script&gt;alert(1)&lt;/script&gt;<content onclick="x()">y</content></text></section></component>';
  const made = read(
    `<ClinicalDocument ${V3}>${PATIENT}<component><structuredBody>${section}</structuredBody></component></ClinicalDocument>`,
  );
  if (made.status === 'rejected') throw new Error(made.code);
  const composition = made.bundle.entry!.map((e) => e.resource!).find((r) => r.resourceType === 'Composition');
  const div = (composition as fhir4.Composition).section![0]!.text!.div;
  expect(div).toBe(
    '<div xmlns="http://www.w3.org/1999/xhtml">&lt;script&gt;alert(1)&lt;/script&gt;<span>y</span></div>',
  );
});

it('puts no patient value into issues', () => {
  const made = read(
    `<ClinicalDocument ${V3}>${PATIENT.replace('/></patientRole>', '/><patient><name>ZZCANARY</name><birthTime value="ZZCANARY"/></patient></patientRole>')}<effectiveTime value="ZZCANARY"/></ClinicalDocument>`,
  );
  if (made.status === 'rejected') throw new Error(made.code);
  expect(made.issues.length).toBeGreaterThan(0);
  expect(JSON.stringify([made.issues, made.coverage])).not.toContain('ZZCANARY');
});
