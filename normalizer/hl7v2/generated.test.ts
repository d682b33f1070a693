/** What must hold of any message, asked of messages made by chance (`testing/generate.ts`). */
import { expect, test } from 'vitest';
import { canonicalJson } from '../../core/json.ts';
import type { Normalized, Rejected } from '../../core/types.ts';
import { oracleErrors } from '../gate/testing/oracle.ts';
import { normalize } from '../index.ts';
import { accountOf } from './testing/account.ts';
import { encodeMessage, type Form } from './testing/encode.ts';
import { EVENTS, type Event, LATER_EVENTS } from './testing/events.ts';
import { generateMessage } from './testing/generate.ts';

const context = {
  hospital: {
    id: 'chenguang',
    name: '晨光医院',
    timezone: 'Asia/Shanghai',
    patientSystem: 'urn:oid:2.16.156.10011.1.13.990001',
  },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

function run(bytes: Uint8Array): Normalized | Rejected {
  return normalize({ kind: 'hl7v2', sourceKey: 'k', bytes }, context);
}

const seeds = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

test.each<[number, string, readonly Event[]]>([
  [1000, 'messages', EVENTS],
  [250, 'messages of specimens, referrals and orders below others', LATER_EVENTS],
])(
  '%i %s give bundles that are valid R4, or are refused for what they are',
  (count, _what, events) => {
    const counts = { made: 0, refused: 0 };
    for (const seed of seeds(0, count)) {
      const made = run(encodeMessage(generateMessage(seed, events)));
      if (made.status === 'rejected') {
        expect([seed, made.code]).not.toEqual([seed, expect.stringMatching(/internal|invalid/)]);
        counts.refused += 1;
      } else {
        expect(new TextDecoder().decode(made.bytes)).not.toMatch(/\$\{\w/);
        expect([seed, oracleErrors(JSON.parse(new TextDecoder().decode(made.bytes)))]).toEqual([seed, []]);
        counts.made += 1;
      }
    }
    expect(counts.made).toBeGreaterThan(count / 2);
    expect(counts.refused).toBeGreaterThan(count / 100);
  },
  300_000,
);

test('the same message gives the same bytes', () => {
  for (const seed of seeds(2000, 40)) {
    const [one, two] = [0, 1].map(() => run(encodeMessage(generateMessage(seed))));
    if (one!.status !== 'rejected') expect((two as Normalized).bytes).toEqual(one!.bytes);
  }
}, 60_000);

/** All but the source and the Provenance that names its hash; for a refusal its causes. */
function said(made: Normalized | Rejected): unknown[] {
  if (made.status === 'rejected') return [made.code, made.issues];
  const resources = made.bundle.entry!.filter(
    ({ resource }) => !['Binary', 'Provenance'].includes(resource!.resourceType),
  );
  return [...resources.map((one) => canonicalJson(one)), made.coverage, made.issues];
}

test.each<[string, Form]>([
  ['delimiters', { delimiters: '#!%@?' }],
  ['line feeds', { lineEnd: '\n' }],
  ['carriage returns with line feeds', { lineEnd: '\r\n' }],
  ['GB 18030', { charset: 'GB18030' }],
  ['UTF-16', { charset: 'UTF-16' }],
  ['hexadecimal escapes', { hex: true }],
])(
  'other %s say the same',
  (_name, form) => {
    for (const seed of seeds(3000, 40)) {
      const message = generateMessage(seed);
      expect([seed, said(run(encodeMessage(message, form)))]).toEqual([seed, said(run(encodeMessage(message)))]);
    }
  },
  60_000,
);

/**
 * What is left of silent losses: a code that was mapped says all that its display and its other triplet do; a value type
 * that nobody knows is told of at its value; parts of attachments that cannot be read.
 */
const UNSEEN = 1 / 500;

test('of all texts hardly one neither reaches the bundle, nor is listed as left, nor has its field told of', () => {
  let [texts, lost] = [0, 0];
  for (const seed of seeds(4000, 150)) {
    const bytes = encodeMessage(generateMessage(seed, seed % 3 === 0 ? LATER_EVENTS : EVENTS));
    const made = run(bytes);
    if (made.status === 'rejected') continue;
    const account = accountOf(bytes, made);
    texts += account.texts;
    lost += account.lost;
  }
  expect(texts).toBeGreaterThan(20_000);
  expect(lost / texts).toBeLessThan(UNSEEN);
}, 120_000);
