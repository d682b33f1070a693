/**
 * Regular expressions that always end. A pattern matches the whole value, has no back-references, look-arounds or
 * repetitions within repetitions, at most three unbounded ones, and sees at most 256 characters: the work is below
 * 256³ steps (docs/decisions/0083).
 */
export const PATTERN_INPUT = 256;
const UNBOUNDED = 3;
const MOST_REPEATS = 64;

/** @returns the test, or what is wrong with the pattern */
export function compilePattern(source: string): ((text: string) => boolean) | string {
  if (source.length > 500) return 'the expression is longer than 500 characters';
  const fault = faultOf(source);
  if (fault) return fault;
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${source})$`, 'u');
  } catch {
    return 'this is no regular expression';
  }
  return (text) => text.length <= PATTERN_INPUT && expression.test(text);
}

interface OpenGroup {
  repeats: boolean;
  alternates: boolean;
}

function faultOf(source: string): string | undefined {
  const groups: OpenGroup[] = [{ repeats: false, alternates: false }];
  let unbounded = 0;
  let closed: OpenGroup | undefined;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const quantifier = /^(?:[*+?]|\{(\d+)(,(\d*))?\})[?]?/.exec(rest);
    if (quantifier) {
      const [text, low, comma, high] = quantifier;
      const endless = /^[*+]/.test(text) || (comma !== undefined && high === '');
      if (Number(high || low || 0) > MOST_REPEATS) return `a repetition is at most ${MOST_REPEATS}, or without an end`;
      if (text[0] !== '?' && closed?.repeats) return 'a repetition stands within a repetition';
      if (endless && closed?.alternates) return 'alternatives stand within an endless repetition';
      if (endless && ++unbounded > UNBOUNDED) return `more than ${UNBOUNDED} repetitions have no end`;
      if (text[0] !== '?') groups.at(-1)!.repeats = true;
      closed = undefined;
      at += text.length;
      continue;
    }
    closed = undefined;
    const special = /^\((\?(?!:))/.exec(rest);
    if (special) return 'look-arounds and named groups are not taken';
    if (/^\\([1-9]|k)/.test(rest)) return 'back-references are not taken';
    if (rest[0] === '\\') at += 2;
    else if (rest[0] === '[') {
      const end = /^\[(?:[^\]\\]|\\.)*\]/.exec(rest);
      if (!end) return 'a class of characters does not end';
      at += end[0].length;
    } else if (rest[0] === '(') {
      groups.push({ repeats: false, alternates: false });
      at += rest.startsWith('(?:') ? 3 : 1;
    } else if (rest[0] === ')') {
      if (groups.length === 1) return 'a bracket closes that was not opened';
      closed = groups.pop()!;
      if (closed.repeats) groups.at(-1)!.repeats = true;
      if (closed.alternates) groups.at(-1)!.alternates = true;
      at += 1;
    } else {
      if (rest[0] === '|') groups.at(-1)!.alternates = true;
      at += 1;
    }
  }
  return undefined;
}
