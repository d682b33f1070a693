import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeMessage } from '../hl7v2/testing/encode.ts';
import { generateMessage } from '../hl7v2/testing/generate.ts';
import { normalize } from '../index.ts';
import { said } from './testing/said.ts';

const context = { hospital: { id: 'h', name: 'h', timezone: 'Asia/Shanghai' }, feed: 'plans', receivedAt: '' };

/** A null, a part, other parts, several; seldom nothing. */
const others = fc.constantFrom('""', '""', 'x', '^^x', 'x^y^z^CG&1.2.3&ISO', 'x~y^z', '20260105', '');

/** Without escapes and control characters: nothing is kept of messages that have any. */
function plain(message: Uint8Array): string {
  const text = Buffer.from(message).toString();
  const start = text.indexOf('|', 'MSH|'.length);
  return text.slice(0, start) + text.slice(start).replaceAll(/\\[^\\\r]*\\|[\\\0-\x08\x0b\x0c\x0e-\x1f]/g, '');
}

/** The message with other content in fields in which something stands. */
function changed(message: string, changes: readonly (readonly [number, string])[]): string {
  const segments = message.split('\r').map((segment) => segment.split('|'));
  const filled = segments.flatMap((fields, at) =>
    at === 0 ? [] : fields.flatMap((text, index) => (index > 0 && text !== '' ? [[at, index] as const] : [])),
  );
  for (const [where, content] of filled.length > 0 ? changes : []) {
    const [at, index] = filled[where % filled.length]!;
    segments[at]![index] = content;
  }
  return segments.map((list) => list.join('|')).join('\r');
}

/** A trace asks every rule: nothing is planned then. */
test('rules that gave nothing in messages that are populated alike are left out, and no others', () => {
  let made = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 150 }),
      fc.array(fc.tuple(fc.nat(), others), { minLength: 1, maxLength: 16 }),
      (seed, changes) => {
        const message = plain(encodeMessage(generateMessage(seed)));
        const input = (bytes: Uint8Array) => ({ kind: 'hl7v2' as const, sourceKey: 'm', bytes });
        for (let time = 0; time < 3; time += 1) normalize(input(Buffer.from(message)), context);
        const other = input(Buffer.from(changed(message, changes)));
        const fresh = normalize(other, { ...context, trace: true });
        for (let time = 0; time < 3; time += 1) expect(said(normalize(other, context))).toEqual(said(fresh));
        if (fresh.status !== 'rejected') made += 1;
      },
    ),
    { numRuns: 150 },
  );
  expect(made).toBeGreaterThan(75);
}, 60_000);
