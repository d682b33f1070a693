/** The segments of a message as lines: broken lines and continuations (HL7 v2.9 §2.10.2: ADD, DSC) are put together. */
import { BridgeError } from '../../../core/errors.ts';
import { isInk } from '../../shared/spaces.ts';
import type { ReadingIssue } from './message.ts';
import { segmentNameOf } from './names.ts';

export interface SegmentLine {
  /** As `segmentName` gives it. */
  readonly name: string;
  readonly raw: string;
}

/** Of a batch around the message: it is read where a file is split. */
const ENVELOPE = new Set(['FHS', 'BHS', 'BTS', 'FTS']);
/** Where senders forget to escape a line break: the field in which the text of the segment stands. */
const TEXT_FIELD: Readonly<Record<string, number>> = { NTE: 3, OBX: 5 };

/**
 * @param lines from MSH on
 * @param firstLine number of the first
 * @throws BridgeError item.format for two messages, item.truncated where a part of the message is missing
 */
export function segmentLines(
  lines: readonly string[],
  firstLine: number,
  field: string,
): { segments: readonly SegmentLine[]; issues: readonly ReadingIssue[] } {
  const segments: Growing[] = [];
  const issues: ReadingIssue[] = [];
  /** DSC-1 of the part before. */
  let pointer: string | undefined;
  let last: Growing | undefined;
  for (let index = 0; index < lines.length; index += 1) {
    const written = lines[index]!;
    const line = trimmedStart(written);
    if (line === '') continue;
    const name = segmentNameOf(line, field);
    if (name === undefined) {
      const isText = last !== undefined && isWithinText(last, line, field);
      if (isText) last!.append(`\n${written}`);
      issues.push(strayIssue(firstLine + index, isText));
    } else if (name === 'MSH' && index > 0) {
      if (pointer === undefined || line.split(field)[13]?.trim() !== pointer)
        throw new BridgeError('item.format', 'the item holds more than one message');
      pointer = undefined;
    } else if (name === 'ADD') {
      if (last === undefined || last.name === 'MSH') throw incomplete();
      last.append(line.slice(4));
    } else if (name === 'DSC' && continues(line, field)) pointer = line.split(field)[1]!.trim();
    else if (!ENVELOPE.has(name)) {
      last = new Growing(name, line, field);
      segments.push(last);
    }
  }
  if (pointer !== undefined) throw incomplete();
  return { segments, issues };
}

/** A segment to which more may be added. What was added is never looked at again, however much it is. */
class Growing implements SegmentLine {
  readonly name: string;
  readonly #line: string;
  readonly #separator: string;
  #added: string[] | undefined;
  #fields: number | undefined;

  constructor(name: string, line: string, separator: string) {
    this.name = name;
    this.#line = line;
    this.#separator = separator;
  }

  get raw(): string {
    return this.#added ? this.#line + this.#added.join('') : this.#line;
  }

  append(text: string): void {
    this.#added ??= [];
    this.#added.push(text);
    if (this.#fields !== undefined) this.#fields += this.#separatorsIn(text);
  }

  /** Number of the last written field. */
  get fields(): number {
    this.#fields ??= this.#separatorsIn(this.raw);
    return this.#fields;
  }

  #separatorsIn(text: string): number {
    return text.split(this.#separator).length - 1;
  }
}

/** Without white space and padding before a segment's name; empty where nothing else is there. */
function trimmedStart(line: string): string {
  if (isInk(line.charCodeAt(0))) return line;
  const start = line.search(/[^\s\0]/);
  return start < 0 ? '' : line.slice(start);
}

/** A line break in the middle of a text: what comes behind the text is still to come. */
function isWithinText(last: Growing, line: string, separator: string): boolean {
  if (!Object.hasOwn(TEXT_FIELD, last.name)) return false;
  const looksLikeSegment = line.includes(separator) && /^[A-Z][A-Z0-9]{1,3}$/.test(line.split(separator, 1)[0]!);
  return !looksLikeSegment && last.fields === TEXT_FIELD[last.name];
}

/** Table 0398: F, a message in fragments, also where it is not said; I asks for more answers to a query. */
function continues(line: string, field: string): boolean {
  const [, pointer, style] = line.split(field);
  return (pointer ?? '').trim() !== '' && style?.trim() !== 'I';
}

function strayIssue(line: number, isText: boolean): ReadingIssue {
  const detail = isText
    ? 'the line is no segment: read as text of the segment above'
    : 'the line is no segment; it is kept in the source only';
  return { code: 'structure.unexpected', place: `line ${line}`, detail };
}

function incomplete(): BridgeError {
  return new BridgeError('item.truncated', 'another part of the message is missing (ADD, DSC)');
}
