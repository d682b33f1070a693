/** Writers of what is the same at every place: one value or a list, primitives and their extensions. As `../values.ts`. */
import { isNumber, numberText } from '../../../core/json.ts';
import { memoryOf } from '../../parts.ts';
import type { Rule } from '../invariants.ts';
import { isPadded, isUrn, type PrimitiveFault, primitiveCheck } from '../primitives.ts';
import { isObject } from '../values.ts';
import type { Tree } from '../walk.ts';
import { writeShared } from './known.ts';
import { HAS } from './output.ts';
import { alike, type Pass, type Write } from './pass.ts';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

export const single = alike((write: Write): Write => {
  return (pass, value, holder) => isObject(value) && writePart(pass, value, holder, write);
});

export const list = alike((write: Write): Write => {
  return (pass, value, holder) => {
    if (!isFilled(value)) return false;
    pass.out.sign(OPEN);
    for (let index = 0; index < value.length; index++) {
      if (index > 0) pass.out.sign(COMMA);
      const item = value[index];
      if (!isObject(item) || !writePart(pass, item, holder, write)) return false;
    }
    pass.out.sign(CLOSE);
    return true;
  };
});

function writePart(pass: Pass, part: Tree, holder: Tree, write: Write): boolean {
  const memory = memoryOf(part);
  return memory === undefined ? write(pass, part, holder) : writeShared(pass, part, holder, write, memory);
}

function isFilled(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

export function primitive(type: string, codes: ReadonlySet<string> | undefined, rules: readonly Rule[]): Write {
  if (codes) return bound(codes);
  const write = ofType(type);
  if (rules.length === 0) return write;
  return (pass, value, holder) => {
    if (!write(pass, value, holder)) return false;
    for (const rule of rules) if (!pass.keeps(value, rule)) return false;
    return true;
  };
}

const bound = alike((codes: ReadonlySet<string>): Write => {
  return (pass, value) => codes.has(value as string) && pass.out.text(value as string) >= 0;
});

const ofType = alike((type: string): Write => {
  const faultOf = primitiveCheck(type);
  const isSure = SURE[type] ?? NEVER;
  return (pass, value) =>
    typeof value === 'string' ? writeText(pass, value, isSure, faultOf) : writeWord(pass, value, faultOf);
});

function writeWord({ out }: Pass, value: unknown, faultOf: PrimitiveFault): boolean {
  if (!(faultOf === DECIMAL && Number.isFinite(value)) && faultOf(value, false) !== undefined) return false;
  out.word(isNumber(value) ? numberText(value) : String(value));
  return true;
}

const DECIMAL = primitiveCheck('decimal');

function writeText(pass: Pass, value: string, isSure: Sure, faultOf: PrimitiveFault): boolean {
  const { at } = pass.out;
  const kinds = pass.out.text(value);
  return kinds >= 0 && (isSure(kinds, pass.out.at - at, value) || isOf(pass, value, faultOf));
}

function isOf({ last }: Pass, value: string, faultOf: PrimitiveFault): boolean {
  if (last.get(faultOf) === value) return true;
  if (faultOf(value, false) !== undefined) return false;
  last.set(faultOf, value);
  return true;
}

/**
 * Whether the kinds of its characters (`HAS`) say that a text is of a type; where not, the type's own check is asked.
 * @param size in bytes, with its quotes
 */
type Sure = (kinds: number, size: number, value: string) => boolean;

/** Longer texts have bounds. */
const SHORT = 1000;
const SEEN = HAS.alphanumeric | HAS.joint | HAS.base64 | HAS.visible;

const NEVER: Sure = () => false;
const isText: Sure = (kinds, size) => (kinds & SEEN) !== 0 && (kinds & HAS.escaped) === 0 && size <= SHORT;
const isWord = (kinds: number, size: number) => kinds !== 0 && (kinds & ~SEEN) === 0 && size <= SHORT;
/** `urn:uuid:` and `urn:oid:` have forms of their own. */
const isUri: Sure = (kinds, size, value) => isWord(kinds, size) && (!mayBeUrn(value) || isUrn(value));
const isBase64: Sure = (kinds, _size, value) =>
  kinds !== 0 && (kinds & ~(HAS.alphanumeric | HAS.base64)) === 0 && isPadded(value);
const isId: Sure = (kinds, size) => kinds !== 0 && (kinds & ~(HAS.alphanumeric | HAS.joint)) === 0 && size <= 66;

function mayBeUrn(value: string): boolean {
  if (charCodeAt.call(value, 0) !== U) return false;
  const kind = charCodeAt.call(value, 4);
  return kind === U || kind === O;
}

const O = 0x6f;
const U = 0x75;
const { charCodeAt } = String.prototype;

const SURE: Readonly<Record<string, Sure>> = {
  string: isText,
  markdown: isText,
  code: isWord,
  id: isId,
  uri: isUri,
  url: isUri,
  canonical: isUri,
  base64Binary: isBase64,
};

export function primitiveList(name: string, write: Write): Write {
  const beside = `_${name}`;
  return (pass, value, holder) => {
    if (!isFilled(value)) return false;
    const besides = holder[beside];
    if (Array.isArray(besides) && besides.length !== value.length) return false;
    return writeList(pass, value, holder, write, besides);
  };
}

export function primitiveExtension(element: Write): Write {
  return single(element);
}

export function primitiveExtensions(name: string, element: Write): Write {
  const write = single(element);
  return (pass, value, holder) => isFilled(value) && writeList(pass, value, holder, write, holder[name]);
}

/** @param beside the list of extensions beside values, or of values beside extensions: null stands on one side only */
function writeList(pass: Pass, list: readonly unknown[], holder: Tree, write: Write, beside: unknown): boolean {
  pass.out.sign(OPEN);
  for (let index = 0; index < list.length; index++) {
    if (index > 0) pass.out.sign(COMMA);
    const item = list[index];
    if (item === null ? !writeNull(pass, beside, index) : !write(pass, item, holder)) return false;
  }
  pass.out.sign(CLOSE);
  return true;
}

function writeNull({ out }: Pass, beside: unknown, index: number): boolean {
  if (!Array.isArray(beside) || beside[index] === null || beside[index] === undefined) return false;
  out.word('null');
  return true;
}
