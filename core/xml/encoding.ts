/**
 * Bytes of an XML document → text, strictly. Order: byte order mark, the shape of UTF-16, the XML
 * declaration (XML 1.0 §4.3.3), the feed's configured character set, UTF-8. Never a guess: bytes that
 * are not of their encoding are refused, because a wrongly read name is worse than a dead letter.
 */
import { BridgeError } from '../errors.ts';

/**
 * Declared name → WHATWG label. GBK and GB2312 are read as their superset GB18030: `gbk` would lose
 * the four-byte characters that such files hold in practice.
 */
const LABELS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  gb18030: 'gb18030',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  'gb_2312-80': 'gb18030',
  cp936: 'gb18030',
  big5: 'big5',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
};

const DECLARATION = /^[ \t\r\n]*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/;
const XML_DECLARATION = /^<\?xml\s[^>]*?\?>/;

/**
 * @param configured character set of the feed, used where the document declares none
 * @returns the text without byte order mark, leading white space and XML declaration
 * @throws BridgeError `item.charset` for an unknown encoding or bytes that are not of it
 */
export function decodeXml(bytes: Uint8Array, configured?: string): string {
  const text = decode(bytes, labelOf(bytes, configured));
  return text.replace(/^[\uFEFF \t\r\n]+/, '').replace(XML_DECLARATION, '');
}

function labelOf(bytes: Uint8Array, configured: string | undefined): string {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return 'utf-16le';
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return 'utf-16be';
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString('latin1');
  const declared = DECLARATION.exec(head)?.[1];
  // A declaration that can be read byte by byte is not UTF-16: database exports forget to change it.
  if (declared && /^utf-?16/i.test(declared)) return 'utf-8';
  return known(declared ?? configured ?? 'utf-8');
}

function known(name: string): string {
  const label = LABELS[name.toLowerCase()];
  if (!label) throw new BridgeError('item.charset', 'the XML document declares an encoding that is not read');
  return label;
}

function decode(bytes: Uint8Array, label: string): string {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new BridgeError('item.charset', `the bytes of the XML document are not ${label}`, { cause: error });
  }
}
