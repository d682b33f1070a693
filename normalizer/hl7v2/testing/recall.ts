/** How much of what another converter says of a message our bundle says as well. */
import { type Message, readMessage } from '../reader/message.ts';
import { answers, type Fact, type FactKind, factsOf, plain } from './facts.ts';

export interface Recall {
  readonly facts: number;
  readonly kept: number;
  /** Facts of the reference that ours does not have at the same place. */
  readonly missed: readonly Fact[];
}

/** Kinds whose values come from closed tables: a converter maps them, so that they need not stand in the message. */
const MAPPED: ReadonlySet<FactKind> = new Set(['code', 'status']);

/**
 * Facts of the reference that the message bears out. A reference errs, too: a text, name, number, date or display of which
 * the message says nothing is its own invention and is not asked for; codes and statuses are, always. So is a number that it
 * put together of others (`48-CVX`) or took from the time of the message (MSH-7): nobody ever gave it to anything.
 */
export function fairFacts(reference: fhir4.Bundle, bytes: Uint8Array): Fact[] {
  const said = saidBy(bytes, () => true);
  const numbers = saidBy(bytes, (segment, field) => segment !== 'MSH' || field !== 7);
  return factsOf(reference).filter(
    (fact) =>
      MAPPED.has(fact.kind) || (fact.kind === 'identifier' ? numbers.includes(plain(fact.value)) : bornOut(fact, said)),
  );
}

/** @param ours null where the message was refused */
export function recallOf(reference: readonly Fact[], ours: fhir4.Bundle | null): Recall {
  const known = new Set(
    (ours ? factsOf(ours) : []).flatMap((fact) => answers(fact).map((way) => `${fact.type} ${fact.path} ${way}`)),
  );
  const missed = reference.filter(({ type, path, ways }) => !ways.some((way) => known.has(`${type} ${path} ${way}`)));
  return { facts: reference.length, kept: reference.length - missed.length, missed };
}

export function sum(all: readonly Recall[]): Recall {
  return {
    facts: all.reduce((total, one) => total + one.facts, 0),
    kept: all.reduce((total, one) => total + one.kept, 0),
    missed: all.flatMap((one) => one.missed),
  };
}

export function rate({ facts, kept }: Recall): number {
  return facts === 0 ? 1 : kept / facts;
}

/** The texts of these fields; a message that we refuse to read is taken as it stands. */
function saidBy(bytes: Uint8Array, asked: (segment: string, field: number) => boolean): string {
  let message: Message;
  try {
    message = readMessage(bytes, undefined);
  } catch {
    return plain(
      Buffer.from(bytes)
        .toString('utf8')
        .replaceAll(/[|^~&\r\n]/g, '\u0001'),
    );
  }
  const texts = message.segments.flatMap((segment) =>
    Array.from({ length: segment.length }, (_, index) =>
      asked(segment.name, index + 1)
        ? segment.all(index + 1).flatMap((value) => value.leaves().map((leaf) => leaf.decoded ?? ''))
        : [],
    ).flat(),
  );
  return `\u0001${texts.map(plain).join('\u0001')}\u0001`;
}

function bornOut({ kind, value }: Fact, said: string): boolean {
  if (kind === 'date') return said.includes(value.replaceAll('-', '').slice(0, 6));
  const whole = plain(value);
  if (said.includes(whole)) return true;
  if (/^(true|false)$/.test(whole)) return true;
  const words = whole.split(/[^\p{L}\p{N}.]+/u).filter(Boolean);
  return words.length > 1 && words.every((word) => said.includes(word));
}
