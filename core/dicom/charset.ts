/**
 * Text of a DICOM element by its Specific Character Set (0008,0005), PS3.3 §C.12.1.1.2. The terms that
 * real devices misspell (`ISO-IR 100`, `GB2312`) are understood; what cannot be decoded is said, never guessed.
 */
import { characterSets, convertBytes } from 'dicom-character-set';

const MISSPELT: Readonly<Record<string, string>> = {
  'UTF-8': 'ISO_IR 192',
  UTF8: 'ISO_IR 192',
  GB2312: 'GB18030',
  'GB 18030': 'GB18030',
  GB_18030: 'GB18030',
  'GB-18030': 'GB18030',
  'ISO_IR 58': 'GB18030',
};

/** One defined term in the spelling of PS3.3, or null when no term is meant. */
function definedTerm(raw: string): string | null {
  const term = raw.trim().toUpperCase();
  const single = /^ISO[\s_-]?IR[\s_-]*(\d+)$/.exec(term);
  const extended = /^ISO[\s_-]?2022[\s_-]*IR[\s_-]*(\d+)$/.exec(term);
  const spelt = single ? `ISO_IR ${single[1]}` : extended ? `ISO 2022 IR ${extended[1]}` : term;
  if (spelt === '') return '';
  if (spelt in MISSPELT) return MISSPELT[spelt]!;
  return Object.hasOwn(characterSets, spelt) ? spelt : null;
}

/**
 * @param raw the value of (0008,0005), multi-valued with `\`
 * @returns the same in standard spelling, or null when a term is unknown
 */
export function normalizeCharset(raw: string): string | null {
  const terms = raw.split('\\').map(definedTerm);
  return terms.includes(null) ? null : terms.join('\\');
}

/**
 * @param charset as `normalizeCharset` returns it; null when unknown, '' for the default repertoire
 * @param assumed used when the file declares only the default repertoire but holds other bytes
 * @returns null when the bytes are not text of the character set
 */
export function decodeText(bytes: Uint8Array, charset: string | null, vr: string, assumed?: string): string | null {
  if (bytes.every((byte) => byte < 0x80 && byte !== 0x1b)) return Buffer.from(bytes).toString('latin1');
  if (charset === null) return null;
  const isDefault = charset === '' || charset === 'ISO_IR 6';
  if (isDefault && assumed) return convert(bytes, normalizeCharset(assumed) ?? '', vr);
  // Many writers escape back to ASCII without having declared it.
  return (
    convert(bytes, charset, vr) ??
    (charset.includes('ISO 2022') ? convert(bytes, `${charset}\\ISO 2022 IR 6`, vr) : null)
  );
}

function convert(bytes: Uint8Array, charset: string, vr: string): string | null {
  try {
    const text = convertBytes(charset, bytes, { vr });
    return text.includes('\uFFFD') ? null : text;
  } catch {
    return null;
  }
}
