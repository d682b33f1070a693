/** Time against size: inputs of shapes that hurt parsers, doubled; linear work doubles, quadratic work quadruples. */
import { FrameDecoder } from '../../connectors/hl7v2/frame.ts';
import { type Judge, normalizes, reads } from './judge.ts';

const HEAD = 'MSH|^~\\&|A|B|C|D|20260105083000||';
const ADT = `${HEAD}ADT^A01|1|P|2.5\rPID|1||X^^^A^MR\rPV1|1|I|||||||||||||||||V1\r`;
const ORU = `${HEAD}ORU^R01|1|P|2.5\rPID|1||X^^^A^MR\rOBR|1||F1|T\r`;
const many = (piece: string) => (size: number) => piece.repeat(Math.ceil(size / piece.length));

const SHAPES: Readonly<Record<string, (size: number) => string>> = {
  fields: (size) => `${ADT}ZZZ|${many('|')(size)}`,
  components: (size) => `${ADT}DG1|1||${many('^')(size)}`,
  'filled components': (size) => `${ORU}OBX|1|CE|C||${many('a^')(size)}`,
  'sub-components': (size) => `${ADT}NK1|1|${many('a&')(size)}`,
  repetitions: (size) => `${ADT}NK1|1|${many('A^B~')(size)}`,
  identifiers: (size) => `${HEAD}ADT^A08|1|P|2.5\rPID|1||X^^^A^MR~${many('1^^^A~')(size)}`,
  'value repetitions': (size) => `${ORU}OBX|1|NM|C||${many('1~')(size)}`,
  'escape characters': (size) => `${ORU}OBX|1|ST|C||${many('\\')(size)}`,
  'unclosed escapes': (size) => `${ORU}OBX|1|ST|C||${many('\\F')(size)}`,
  escapes: (size) => `${ORU}OBX|1|ST|C||${many('\\F\\')(size)}`,
  'doubled escapes': (size) => `${ORU}OBX|1|ST|C||${many('\\E\\')(size)}`,
  'hex escapes': (size) => `${ORU}OBX|1|ST|C||${many('\\X41\\')(size)}`,
  'one hex escape': (size) => `${ORU}OBX|1|ST|C||\\X${many('41')(size)}\\`,
  'an unclosed hex escape': (size) => `${ORU}OBX|1|ST|C||\\X${many('41')(size)}`,
  'line breaks': (size) => `${ORU}OBX|1|FT|C||${many('\\.br\\a')(size)}`,
  'a long text': (size) => `${ORU}OBX|1|TX|C||${many('abcdefgh ')(size)}`,
  'white space': (size) => `${ORU}OBX|1|TX|C||a${many(' ')(size)}b`,
  digits: (size) => `${ORU}OBX|1|NM|C||${many('1')(size)}`,
  'a long code': (size) => `${ORU}OBX|1|CE|C^D^L||${many('x ')(size)}`,
  base64: (size) => `${ORU}OBX|1|ED|C||^AP^^Base64^${many('QUJD')(size)}`,
  segments: (size) => `${ADT}${many('ZZZ|1\r')(size)}`,
  notes: (size) => `${ORU}${many('NTE|1||a\r')(size)}`,
  results: (size) => `${ORU}${many('OBX|1|NM|C||1|g\r')(size)}`,
  orders: (size) => `${ORU}${many('ORC|RE\rOBR|1||F|T\rOBX|1|NM|C||1\r')(size)}`,
  specimens: (size) => `${ORU}${many('SPM|1|^S||B\rOBX|1|NM|C||1\r')(size)}`,
  relatives: (size) => `${ADT}${many('NK1|1|A^B|FTH\r')(size)}`,
  diagnoses: (size) => `${ADT}${many('DG1|1||D^x^L\r')(size)}`,
  insurances: (size) => `${ADT}${many('IN1|1|P|C|N\r')(size)}`,
  'blank lines': (size) => `${ADT}${many('\r\n')(size)}`,
  'stray lines': (size) => `${ORU}OBX|1|TX|C||a\r${many('stray line\r')(size)}`,
  continuations: (size) => `${ORU}OBX|1|TX|C||a\r${many('ADD|a\r')(size)}`,
  'noise before': (size) => `${many('x')(size)}\r${ADT}`,
  'padding before': (size) => `${many('\0')(size)}${ADT}`,
  'padding behind': (size) => `${ADT}${many('\0')(size)}`,
  'padding in lines': (size) => `${ADT}ZZZ|${many('\0 ')(size)}x`,
  messages: (size) => many(ADT)(size),
};

const frameDecoder: Judge = (bytes) => {
  const decoder = new FrameDecoder(1 << 26);
  for (let at = 0; at < bytes.length; at += 64) decoder.push(bytes.subarray(at, at + 64));
  decoder.end();
  return undefined;
};
const TARGETS: Readonly<Record<string, Judge>> = { read: reads, frame: frameDecoder, normalise: normalizes };

/** Doublings, and how many times longer the last may take than the one before: 2 is linear, 4 is quadratic. */
const [SIZES, RATIO] = [[1 << 15, 1 << 16, 1 << 17, 1 << 18], 3.2];
/** Less CPU time than this says nothing; more is too much for 256 KiB, whatever its growth. */
const [LEAST, MOST] = [200, 20_000];

/** @returns false where one shape grows faster than its size */
export function measureGrowth(): boolean {
  let sound = true;
  for (const [shape, make] of Object.entries(SHAPES))
    for (const [name, judge] of Object.entries(TARGETS)) {
      const times = SIZES.map((size) => fastest(judge, Buffer.from(make(size))));
      const [before, last] = times.slice(-2) as [number, number];
      const bad = last > MOST || (last > LEAST && last / before > RATIO);
      if (bad) sound = false;
      if (bad || last > LEAST / 4)
        process.stdout.write(
          `${bad ? 'FAULT' : 'ok'}\t${name}\t${shape}\t${times.map((one) => one.toFixed(1)).join(' ')} ms\n`,
        );
    }
  process.stdout.write(`${Object.keys(SHAPES).length} shapes: ${sound ? 'none' : 'some'} worse than linear\n`);
  return sound;
}

/** CPU milliseconds of the best of three. */
function fastest(judge: Judge, bytes: Uint8Array): number {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3; turn += 1) {
    const before = process.cpuUsage().user;
    void judge(bytes, 0);
    best = Math.min(best, (process.cpuUsage().user - before) / 1000);
  }
  return best;
}
