/**
 * Logs of a chain in ranges of blocks. Nodes answer with so many logs, so many bytes or over so many blocks at most, each
 * with its own words, so that every refusal is met with half the range; and what is asked grows again where little is found.
 * No Node, nothing of the bridge: the client walks with it too.
 */

export interface LogWalk<L> {
  /** Of both ends inclusive. */
  readonly from: number;
  readonly to: number;
  ask(from: number, to: number): Promise<readonly L[]>;
  /** Whether an error is the node's answer, so that a smaller range may be answered. */
  refused(error: unknown): boolean;
}

const FIRST_SPAN = 5_000;
const WIDEST_SPAN = 1_000_000;
/** A page with more is followed by a narrower one: memory is a page. */
const MANY = 2_000;
const FEW = 250;
/** Pages that a refusal is remembered for: a limit on the range would refuse each growth. */
const CAREFUL_PAGES = 16;

/** Pages in the order of the chain, none of them empty. @throws whatever `ask` throws for a single block, or that is no refusal */
export async function* logPages<L>({ from, to, ask, refused }: LogWalk<L>): AsyncGenerator<readonly L[]> {
  let span = FIRST_SPAN;
  let careful = 0;
  for (let at = from; at <= to; ) {
    const end = Math.min(at + span - 1, to);
    let page: readonly L[];
    try {
      page = await ask(at, end);
    } catch (error) {
      if (end === at || !refused(error)) throw error;
      span = half(end - at + 1);
      careful = CAREFUL_PAGES;
      continue;
    }
    if (page.length > 0) yield page;
    at = end + 1;
    if (page.length > MANY) span = half(span);
    else if (careful > 0) careful--;
    else if (page.length < FEW) span = Math.min(2 * span, WIDEST_SPAN);
  }
}

function half(span: number): number {
  return Math.max(1, Math.floor(span / 2));
}
