/** Bytes of one fuzz case: a message in the shape of the standard, the same damaged, or noise made of its pieces. */
import { encodeMessage, type Form } from '../../normalizer/hl7v2/testing/encode.ts';
import { generateMessage } from '../../normalizer/hl7v2/testing/generate.ts';
import { Random } from '../../normalizer/hl7v2/testing/random.ts';

/** Messages are made once and damaged many times. */
const POOL = 400;
/** Longer ones are cut: small messages find the same faults sooner. */
const MOST = 1500;

const PIECES = [
  '|',
  '^',
  '~',
  '\\',
  '&',
  '\r',
  '\n',
  '\r\n',
  '""',
  '\\F\\',
  '\\E\\X0D\\E\\',
  '\\X',
  '\\X00\\',
  '\\C2842\\',
  '\\M000000\\',
  '\\.br\\',
  '\\.sp+999\\',
  '\\H\\',
  'MSH|^~\\&|',
  'MSH',
  'PID|1||A',
  'OBX|1|NM|C||1',
  'OBX|1|ED|C||^AP^^Base64^QUJD',
  'SPM|1',
  'ORC|RE',
  'OBR|1||F',
  'ADD|x',
  'DSC|1',
  'FHS|^~\\&',
  'BHS|',
  'BTS|1',
  'FTS|1',
  '\v',
  '\x1c',
  '\x1c\r',
  '\0',
  '\uFEFF',
  'UNICODE',
  'GB18030',
  'ISO IR87',
  '8859/1',
  '\x1b$B',
  '\x1b(B',
  '99999999999999999999',
  '1e999',
  '__proto__',
  'constructor',
  '20260230',
  '+9999',
  '𠮷',
  '\u0085',
  '\u2028',
  '\ud800',
  ' ',
  '%',
  '$',
  '[*]',
  '{}',
].map((text) => Buffer.from(text, 'utf8'));

const FORMS: readonly Form[] = [
  {},
  {},
  { lineEnd: '\n' },
  { lineEnd: '\r\n' },
  { delimiters: '#!%@?' },
  { charset: 'GB18030' },
  { charset: 'UTF-16' },
  { hex: true },
];

const pool: Uint8Array[] = [];

/** Fills the pool: the same for all shards. */
function base(index: number): Uint8Array {
  pool[index] ??= encodeMessage(generateMessage(index), FORMS[index % FORMS.length]).subarray(0, MOST);
  return pool[index];
}

/** The same seed gives the same bytes. */
export function caseBytes(seed: number): Uint8Array {
  const random = new Random(seed);
  const kind = random.below(40);
  if (kind === 0) return encodeMessage(generateMessage(seed), random.pick(FORMS)).subarray(0, MOST * 4);
  if (kind < 6) return noise(random);
  return damaged(base(random.below(POOL)), random);
}

function noise(random: Random): Uint8Array {
  const parts: Uint8Array[] = random.once(2) ? [Buffer.from('MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\r')] : [];
  for (let left = random.below(60); left > 0; left -= 1)
    parts.push(random.once(4) ? Uint8Array.of(random.below(256)) : random.pick(PIECES));
  return Buffer.concat(parts);
}

function damaged(whole: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(whole);
  for (let left = 1 + random.below(8); left > 0; left -= 1) {
    const at = random.below(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const piece = random.pick(PIECES);
    switch (random.below(7)) {
      case 0:
        bytes = Buffer.concat([before, Uint8Array.of(random.below(256)), after.subarray(1)]);
        break;
      case 1:
        bytes = Buffer.concat([before, after.subarray(random.below(40))]);
        break;
      case 2:
        bytes = Buffer.concat([before, after.subarray(0, random.below(200)), after]);
        break;
      case 3:
        bytes = Buffer.concat([before, base(random.below(POOL)).subarray(random.below(500)).subarray(0, 600), after]);
        break;
      case 4:
        bytes = Buffer.concat([before, ...Array.from({ length: 1 + random.below(50) }, () => piece), after]);
        break;
      case 5:
        bytes = Buffer.from(before);
        break;
      default:
        bytes = Buffer.concat([before, piece, after]);
    }
  }
  return bytes.subarray(0, MOST * 2);
}
