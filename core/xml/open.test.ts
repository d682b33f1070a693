import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BridgeError } from '../errors.ts';
import { openXml, type XmlOptions } from './open.ts';

const V3 = 'urn:hl7-org:v3';
const options: XmlOptions = {
  prefixes: { [V3]: '', 'http://www.w3.org/2001/XMLSchema-instance': 'xsi', 'urn:hl7-org:sdtc': 'sdtc' },
  assume: { xsi: 'http://www.w3.org/2001/XMLSchema-instance', sdtc: 'urn:hl7-org:sdtc' },
};
const open = (text: string | Uint8Array, more: Partial<XmlOptions> = {}) =>
  openXml(typeof text === 'string' ? new TextEncoder().encode(text) : text, { ...options, ...more });

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof BridgeError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** 张𠮷 in GB18030: the second character takes four bytes (made with Python's codec). */
const GB = [0xd5, 0xc5, 0x95, 0x34, 0xb2, 0x35];

describe('openXml reads', () => {
  it('gives canonical names whatever the prefixes', () => {
    const root = open(
      `<h:a xmlns:h="${V3}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="CD"><h:b>x</h:b></h:a>`,
    );
    expect(root.name).toBe('a');
    expect(root.attr('xsi:type')).toBe('CD');
    expect(root.child('b')?.text()).toBe('x');
  });

  it('names unknown name spaces in full and keeps them apart', () => {
    const root = open(`<a xmlns="${V3}"><x:b xmlns:x="urn:other">no</x:b><b>yes</b></a>`);
    expect(root.child('b')?.text()).toBe('yes');
    expect(root.child('{urn:other}b')?.text()).toBe('no');
  });

  it('declares xsi and sdtc where a document forgot them', () => {
    const root = open(`\uFEFF \n<?xml version="1.0"?><a xmlns="${V3}"><v xsi:type="PQ"/><sdtc:raceCode code="1"/></a>`);
    expect(root.child('v')?.attr('xsi:type')).toBe('PQ');
    expect(root.child('sdtc:raceCode')?.attr('code')).toBe('1');
  });

  it('keeps CDATA and character references as text', () => {
    expect(open('<a>x<![CDATA[<&]]>&#x4e2d;&lt;</a>').rawText()).toBe('x<&中<');
  });

  it('tells which values were read, and where they stand', () => {
    const root = open('<a p="1"><b q="2"/><b q="3">t</b></a>');
    const second = root.elements('b')[1]!;
    second.attr('q');
    expect(root.attributes[0]!.read).toBe(false);
    expect(second.attributes[0]!.read).toBe(true);
    expect(second.path()).toBe('/a/b[2]');
    expect(second.place()).toBe('/a/b');
  });
});

describe('openXml encodings', () => {
  const gbDocument = (name: string) =>
    Buffer.concat([Buffer.from(`<?xml version="1.0" encoding="${name}"?><a>`), Buffer.from(GB), Buffer.from('</a>')]);

  it.each(['GB18030', 'gbk', 'GB2312'])('reads %s as GB18030', (name) => {
    expect(open(gbDocument(name)).text()).toBe('张𠮷');
  });

  it('reads UTF-16 by its byte order mark in both orders', () => {
    const little = Buffer.from('\uFEFF<?xml version="1.0" encoding="UTF-16"?><a>王</a>', 'utf16le');
    expect(open(little).text()).toBe('王');
    expect(open(Buffer.from(little).swap16()).text()).toBe('王');
  });

  it('reads a file that calls itself UTF-16 in plain bytes', () => {
    expect(open('<?xml version="1.0" encoding="utf-16"?><a>王</a>').text()).toBe('王');
  });

  it('uses the configured set only where the document declares none', () => {
    const plain = Buffer.concat([Buffer.from('<a>'), Buffer.from(GB), Buffer.from('</a>')]);
    expect(open(plain, { charset: 'gb18030' }).text()).toBe('张𠮷');
    expect(codeOf(() => open(plain))).toBe('item.charset');
    expect(codeOf(() => open(gbDocument('UTF-8'), { charset: 'gb18030' }))).toBe('item.charset');
    expect(codeOf(() => open(gbDocument('x-martian')))).toBe('item.charset');
  });
});

const lol = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">${Array.from({ length: 10 }, (_, i) => `<!ENTITY a${i} "${`&a${i || ''};`.repeat(10)}">`).join('')}]><l>&a9;</l>`;

describe('openXml refuses', () => {
  it.each([
    ['billion laughs', lol, 'item.unsafe-xml'],
    ['external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'item.unsafe-xml'],
    ['external subset', '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', 'item.unsafe-xml'],
    [
      'quadratic blow-up',
      `<!DOCTYPE a [<!ENTITY x "${'y'.repeat(50_000)}">]><a>${'&x;'.repeat(50_000)}</a>`,
      'item.unsafe-xml',
    ],
    ['undefined entity', '<a>&nbsp;</a>', 'item.format'],
    ['depth 257', '<a>'.repeat(257) + '</a>'.repeat(257), 'item.unsafe-xml'],
    ['depth 100,000', '<a>'.repeat(100_000), 'item.unsafe-xml'],
    ['long attribute', `<a x="${'y'.repeat(1_100_000)}"/>`, 'item.unsafe-xml'],
    ['duplicate attribute', '<a x="1" x="2"/>', 'item.format'],
    ['two roots', '<a/><b/>', 'item.format'],
    ['NUL', '<a>\0</a>', 'item.format'],
    ['mis-nested', '<a><b></a></b>', 'item.format'],
    ['cut in an element', '<a><b>text', 'item.truncated'],
    ['cut in a tag', '<a><b x="1', 'item.truncated'],
    ['cut in a comment', '<a><!-- x', 'item.truncated'],
    ['cut in an end tag', '<a></', 'item.truncated'],
    ['unknown prefix', '<a foo:b="1"/>', 'item.format'],
    ['empty', '', 'item.format'],
    ['blank', ' \n ', 'item.format'],
    ['JSON', '{"resourceType":"Patient"}', 'item.format'],
  ])('%s', (_name, text, code) => {
    expect(codeOf(() => open(text))).toBe(code);
  });

  it('200 MB before it looks at them', () => {
    expect(codeOf(() => open(new Uint8Array(200 * 1024 * 1024).fill(0x61)))).toBe('source.too-large');
  });

  it('too many nodes', () => {
    expect(codeOf(() => open(`<a>${'<b c="1"/>'.repeat(600)}</a>`, { limits: { nodes: 1000 } }))).toBe(
      'item.unsafe-xml',
    );
  });

  it('a million start tags without reading the rest again for each', () => {
    expect(open(`<a>${'<b></b>'.repeat(200_000)}</a>`).elements('b')).toHaveLength(200_000);
  });
});

describe('openXml never throws a foreign error', () => {
  const piece = fc.constantFrom(
    '<a>',
    '</a>',
    '<b x="1">',
    "<b y='",
    '"',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?x',
    '?>',
    '<!',
    '&',
    '&lt;',
    'xsi:',
    '张',
    '\0',
    '<',
    '>',
    '/',
    '=',
    ' ',
  );

  it('for markup put together at random', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => void codeOf(() => open(pieces.join('')))),
      { numRuns: 2000 },
    );
  });

  it('for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void codeOf(() => open(bytes))),
      { numRuns: 2000 },
    );
  });

  it('for a document cut anywhere, which is never accepted', () => {
    const whole = `<?xml version="1.0"?><a xmlns="${V3}"><!-- c --><b x="1">t<![CDATA[u]]></b><c/></a>`;
    for (let cut = 0; cut < whole.length; cut++)
      expect(codeOf(() => open(whole.slice(0, cut)))).toMatch(/^item\.(truncated|format)$/);
  });
});

const corpus = new URL('../../../shared/corpus/cda/', import.meta.url);
describe.skipIf(!existsSync(corpus))('openXml on the corpus', () => {
  it('reads every complete document', () => {
    const rows = readFileSync(new URL('manifest.jsonl', corpus), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    const failed = rows
      .filter((row) => row.doc === 'full')
      .filter((row) => codeOf(() => open(readFileSync(new URL(encodeURI(row.path), corpus)))) !== 'accepted');
    expect(failed.map((row) => row.path)).toEqual([]);
  });
});
