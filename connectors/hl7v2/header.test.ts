import { describe, expect, it } from 'vitest';
import { readHeader } from './header.ts';

const rest = (charset: string) => `|CG|||20260105||ADT^A01|M1|P|2.5.1||||||${charset}\rPID|1`;
const of = (name: number[], charset: string) =>
  Buffer.concat([Buffer.from('MSH|^~\\&|', 'latin1'), Buffer.from(name), Buffer.from(rest(charset), 'latin1')]);

describe('the header of a message', () => {
  it.each<[string, number[], string, string | undefined]>([
    ['GB 18030, declared', [0x81, 0x7c, 0xc5, 0x5e], 'GB 18030-2000', undefined],
    ['GB 18030, configured', [0x81, 0x7c], '', 'gb18030'],
    ['GB 18030, four bytes', [0x81, 0x30, 0x81, 0x30], 'GB18030', undefined],
    ['Japanese', [0x1b, 0x24, 0x42, 0x21, 0x7c, 0x1b, 0x28, 0x42], '~ISO IR87', undefined],
    ['ISO 8859-1, a letter before the separator', [0x43, 0xe9], '8859/1', undefined],
    ['UTF-8, a letter before the separator', [0x43, 0xc3, 0xa9], 'UNICODE UTF-8', undefined],
    ['UTF-8, undeclared', [0xe5, 0xbc, 0xa0], '', undefined],
  ])('%s', (_name, name, charset, configured) => {
    const header = readHeader(of(name, charset), configured)!;
    expect(header.field(3)).toBe(Buffer.from(name).toString('latin1'));
    expect([header.field(4), header.field(10), header.field(18)]).toEqual(['CG', 'M1', charset]);
  });

  it.each(['', 'PID|1', 'MSHX|^', 'MSH', 'MSH|', 'GET / HTTP'])('%j has none', (text) => {
    expect(readHeader(Buffer.from(text))).toBeNull();
  });

  it('padding before it is passed over', () => {
    expect(readHeader(Buffer.from('\xef\xbb\xbf\r\n\0 \vMSH|^~\\&|A', 'latin1'))!.field(3)).toBe('A');
  });
});
