/** Items that go through their maps side by side come out as each would alone. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Normalized, Rejected } from '../core/types.ts';
import { encodeMessage } from './hl7v2/testing/encode.ts';
import { generateMessage } from './hl7v2/testing/generate.ts';
import { normalize } from './index.ts';
import { compileMap } from './mapping/index.ts';
import { normalizerOf } from './one-kind.ts';

const hospital = { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' };
const inputOf = (bytes: Uint8Array) => ({ kind: 'hl7v2', sourceKey: 'k', bytes }) as const;

/** Everything of a result, its bundle as bytes. */
function said(result: Normalized | Rejected) {
  if (result.status === 'rejected') return result;
  const { bundle: _, bytes, ...rest } = result;
  return { ...rest, bytes: Buffer.from(bytes).toString() };
}

test('messages of any events, and what is none', async () => {
  const together = await normalizerOf('hl7v2');
  const message = fc.nat(5000).map((seed) => encodeMessage(generateMessage(seed)));
  const noise = fc.uint8Array({ maxLength: 60 });
  let [feed, made, refused] = [0, 0, 0];
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: message }, noise), { maxLength: 20 }), (items) => {
      // A feed of its own each time: alone they remember nothing yet, then what those left, then nothing again.
      feed += 2;
      const context = { hospital, receivedAt: '2026-03-01T00:00:00Z' };
      const alone = items.map((bytes) => normalize(inputOf(bytes), { ...context, feed: `f${feed}` }));
      const results = together(items.map(inputOf), { ...context, feed: `f${feed}` });
      const fresh = together(items.map(inputOf), { ...context, feed: `f${feed}`, assigners: {} });
      expect(results.map(said)).toEqual(alone.map(said));
      expect(fresh.map(said)).toEqual(alone.map(said));
      made += results.filter(({ status }) => status !== 'rejected').length;
      refused += results.filter(({ status }) => status === 'rejected').length;
    }),
    { numRuns: 60 },
  );
  expect(made).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(20);
}, 120_000);

test('one that breaks off within its map leaves the others alone', async () => {
  const map = compileMap(
    `map: own/kin
version: 1
source: hl7v2
owner: { value: $PID-3.1, system: 'urn:oid:1.2.3' }
resources:
  - Patient: patient
    key: [!owner ]
    identifier: { value: $PID-3.1 }
  - RelatedPerson: kin
    each: $NK1[*]
    key: [!owner , $NK1-1]
    patient: !ref patient
    name: { text: $NK1-2.1 }
`,
    'own.yaml',
  );
  const messageWith = (kin: number) =>
    Buffer.from(['MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5', 'PID|||P1', ...Array(kin).fill('NK1|1|Li')].join('\r'));
  const context = { hospital, feed: 'f', receivedAt: '', map };
  const results = (await normalizerOf('hl7v2'))([2, 20_000, 0].map(messageWith).map(inputOf), context);
  expect(results.map((result) => (result.status === 'rejected' ? result.code : result.bundle.entry!.length))).toEqual([
    6,
    'map.limit',
    4,
  ]);
});
