import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameDecoder } from './frame.ts';

const MOST = 1000;
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** Messages as text, the others as `type:size`. */
function show(frames: readonly Frame[]): string[] {
  return frames.map((frame) =>
    frame.type === 'message' ? Buffer.from(frame.bytes).toString('latin1') : `${frame.type}:${frame.size}`,
  );
}

function decode(chunks: readonly Uint8Array[], most = MOST): string[] {
  const decoder = new FrameDecoder(most);
  return show([...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]);
}

const cases: [name: string, wire: string, frames: string[]][] = [
  ['one frame', '\vMSH|a\r\x1c\r', ['MSH|a\r']],
  ['two frames in a packet', '\vMSH|a\x1c\r\vMSH|b\x1c\r', ['MSH|a', 'MSH|b']],
  ['noise before VT', 'noise\vMSH|a\x1c\r', ['stray:5', 'MSH|a']],
  ['line ends and NULs between frames', '\r\n\vMSH|a\x1c\r\0\0\n\vMSH|b\x1c\r\0', ['MSH|a', 'MSH|b']],
  ['noise at the end', '\vMSH|a\x1c\rGET /', ['MSH|a', 'stray:5']],
  ['FS without CR before the next frame', '\vMSH|a\x1c\vMSH|b\x1c\r', ['MSH|a', 'MSH|b']],
  ['FS LF', '\vMSH|a\x1c\n\vMSH|b\x1c\n', ['MSH|a', 'MSH|b']],
  ['FS at the very end', '\vMSH|a\x1c', ['MSH|a']],
  ['FS within content', '\vMSH|a\x1cb\x1c\r', ['MSH|a\x1cb']],
  ['FS FS CR', '\vMSH|a\x1c\x1c\r', ['MSH|a\x1c']],
  ['VT within content', '\vMSH|a\vMSb\x1c\r', ['MSH|a\vMSb']],
  ['VT VT within content', '\vMSH|a\v\vb\x1c\r', ['MSH|a\v\vb']],
  ['VT VT before a message', '\v\vMSH|a\x1c\r', ['MSH|a']],
  ['missing end block', '\vMSH|a\r\vMSH|b\r\x1c\r', ['cut:6', 'MSH|b\r']],
  ['VT within content before a missing end block', '\vMSH|a\vMb\vMSH|c\x1c\r', ['cut:8', 'MSH|c']],
  ['missing end block at the end', '\vMSH|a', ['cut:5']],
  ['half a new start at the end', '\vMSH|a\vMS', ['cut:8']],
  ['NULs within content are kept', '\vMSH|\0a\x1c\r', ['MSH|\0a']],
  ['an empty frame', '\v\x1c\r\vMSH|b\x1c\r', ['', 'MSH|b']],
  ['nothing', '', []],
];

describe('FrameDecoder', () => {
  it.each(cases)('%s', (_name, wire, frames) => {
    expect(decode([bytes(wire)])).toEqual(frames);
  });

  it.each(cases)('%s, cut at every byte', (_name, wire, frames) => {
    for (let cut = 1; cut < wire.length; cut++) {
      expect(decode([bytes(wire.slice(0, cut)), bytes(wire.slice(cut))])).toEqual(frames);
    }
    expect(decode([...wire].map(bytes))).toEqual(frames);
  });

  it('gives the same frames however any bytes are cut', () => {
    const wire = fc.array(
      fc.constantFrom('\v', '\x1c', '\r', '\n', 'M', 'S', 'H', '|', 'MSH|', '\vMSH|', '\x1c\r', '\0'),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(
        wire,
        fc.array(fc.nat(80), { maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        (parts, cuts, most) => {
          const all = bytes(parts.join(''));
          const places = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
          const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
          expect(decode(chunks, most)).toEqual(decode([all], most));
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('counts a false start behind a full message against its limit, however it is cut', () => {
    const wire = bytes('\vMSH|MSH|\vMMSH|');
    for (let cut = 0; cut < wire.length; cut++) {
      expect(decode([wire.subarray(0, cut), wire.subarray(cut)], 8)).toEqual(['oversize:9']);
    }
    expect(decode([bytes('\vMSH|MSH|\vM')], 8)).toEqual(['oversize:9']);
  });

  it('gives back what was framed, with noise between', () => {
    const message = fc
      .uint8Array({ maxLength: 200 })
      .map((content) => Buffer.concat([bytes('MSH|^~\\&|'), content.filter((byte) => byte !== 0x0b && byte !== 0x1c)]));
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.constantFrom('', '\r\n', '\0'))), (sent) => {
        const wire = Buffer.concat(sent.flatMap(([content, noise]) => [encodeFrame(content), bytes(noise)]));
        expect(decode([wire])).toEqual(sent.map(([content]) => content.toString('latin1')));
      }),
    );
  });

  it('stops at a message that is too long and keeps only its head', () => {
    const decoder = new FrameDecoder(100_000);
    const chunk = Buffer.alloc(65_536, 'x');
    const frames = [
      ...decoder.push(bytes('\vMSH|')),
      ...decoder.push(chunk),
      ...decoder.push(chunk),
      ...decoder.push(chunk),
    ];
    expect(show(frames)).toEqual(['oversize:100001']);
    expect(frames[0]).toHaveProperty('head.length', 65_536);
    expect(decoder.held).toBe(0);
    expect(decoder.end()).toEqual([]);
  });

  it('counts stray bytes without keeping them', () => {
    const decoder = new FrameDecoder(MOST);
    for (let chunk = 0; chunk < 100; chunk++) decoder.push(Buffer.alloc(100_000, 'n'));
    const frames = decoder.end();
    expect(show(frames)).toEqual(['stray:10000000']);
    expect(frames[0]).toHaveProperty('head.length', 65_536);
  });
});
