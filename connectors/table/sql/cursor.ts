/**
 * What a database feed remembers, and where its next round begins.
 *
 * A round walks the view once in order of (watermark, key), from a bound to its end. A row becomes visible some time
 * after the instant that it is stamped with (the transaction commits late), at most the overlap. So the next bound
 * is the newest watermark seen, or the server's time when the round began if that is earlier (rows of the future must
 * not hide those of today), less the overlap. Digests of the rows above the bound keep them from being handed over
 * twice. When nothing newer came for longer than the overlap, the bound closes up behind the newest row.
 *
 * The server's clock is compared with ours from round to round: what it stepped back, the bound goes back too; what it
 * jumped ahead is added to the overlap for as long as rows of the time before may still appear.
 */
import { minus, type Scale, SLACK_MS, stampText } from './scale.ts';

/** Milliseconds; the server's as the watermark would be stamped then. */
export interface Clock {
  readonly server: number;
  readonly own: number;
}

/** By how much the server's clock jumped ahead lately, and when by our clock that was last seen; milliseconds. */
export interface Jump {
  readonly ms: number;
  readonly own: number;
}

export interface Bound {
  readonly at: string;
  readonly inclusive: boolean;
}

/** Digests of rows, by their watermark (of times, to the second). */
export type Group = [at: string, ...digests: string[]];

/** A round under way. */
export interface Walk {
  readonly since: Bound | null;
  readonly clock: Clock;
  readonly jump: Jump | null;
  /** Watermark, where there is one, and key of the last row that was looked at. */
  readonly after: readonly string[] | null;
  readonly newest: string | null;
  readonly seen: readonly Group[];
}

export interface SqlCursor {
  readonly v: 1;
  readonly since: Bound | null;
  readonly recent: readonly string[];
  /** When the last finished round began. */
  readonly clock: Clock | null;
  readonly newest: string | null;
  /** When the first round began that met nothing newer. */
  readonly quiet: Clock | null;
  readonly jump: Jump | null;
  /** When rows without a place in the order were last looked for, and whether they were told of. */
  readonly unplaced: { readonly at: number; readonly told: boolean } | null;
  /** Null between two rounds. */
  readonly walk: Walk | null;
}

export const FIRST: SqlCursor = {
  v: 1,
  since: null,
  recent: [],
  clock: null,
  newest: null,
  quiet: null,
  jump: null,
  unplaced: null,
  walk: null,
};

/** Between the first and the last zone of the earth. */
const ZONES_MS = 26 * 3_600_000;
/** Clocks drift; a step is more. */
const STEP_MS = 1000;

export function begin(cursor: SqlCursor, scale: Scale, clock: Clock): Walk {
  const since = cursor.since && scale.kind === 'time' ? steppedBack(cursor, scale, clock) : cursor.since;
  return { since, clock, jump: jumpOf(cursor, scale, clock), after: null, newest: cursor.newest, seen: [] };
}

function jumpOf({ clock: before, jump }: SqlCursor, scale: Scale, now: Clock): Jump | null {
  const lately = jump && now.own - jump.own <= scale.overlap ? jump : null;
  const ahead = before ? drift(before, now) : 0;
  return ahead > 0 ? { ms: ahead + (lately?.ms ?? 0), own: now.own } : lately;
}

function steppedBack({ since, clock: before }: SqlCursor, scale: Scale, now: Clock): Bound | null {
  if (!since || !before) return since;
  const earliest = Math.min(now.server, before.server + Math.min(0, drift(before, now)));
  const at = stampText(earliest - scale.overlap);
  return at < since.at ? { at, inclusive: true } : since;
}

/** How much the server's clock went ahead of ours. */
function drift(before: Clock, now: Clock): number {
  return now.server - now.own - (before.server - before.own);
}

/** The cursor behind a round that reached the end of the view. */
export function finish(cursor: SqlCursor, walk: Walk, scale: Scale): SqlCursor {
  const done: SqlCursor = {
    ...cursor,
    clock: walk.clock,
    jump: walk.jump,
    newest: walk.newest,
    quiet: null,
    walk: null,
  };
  const recent = walk.seen.flatMap(([, ...digests]) => digests);
  if (walk.newest === null || scale.kind === 'none') return { ...done, recent };
  const quiet = quietSince(cursor, walk);
  if (isClosed(walk, scale, quiet)) {
    return { ...done, quiet, since: { at: walk.newest, inclusive: false }, recent: [] };
  }
  return { ...done, quiet, since: { at: keepFrom(walk, walk.newest, scale), inclusive: true }, recent };
}

function quietSince(cursor: SqlCursor, { newest, clock }: Walk): Clock | null {
  const stepped = cursor.clock !== null && drift(cursor.clock, clock) < -STEP_MS;
  return newest !== cursor.newest || stepped ? null : (cursor.quiet ?? clock);
}

/**
 * Whether all rows up to the newest must have become visible before this round began: the overlap has passed by both
 * clocks since it was first met, or it is older than any mistake about its zone.
 */
function isClosed({ newest, clock, jump }: Walk, scale: Scale, quiet: Clock | null): boolean {
  if (scale.kind !== 'time') return false;
  const settled = clock.server - scale.overlap - (jump?.ms ?? 0) - SLACK_MS;
  if (newest! < stampText(settled - ZONES_MS)) return true;
  const elapsed = quiet ? Math.min(clock.server - quiet.server, clock.own - quiet.own) : 0;
  return elapsed > scale.overlap && newest! < stampText(settled);
}

/** The bound of the next round if this one ended at `newest`. */
export function keepFrom({ clock, jump }: Walk, newest: string, scale: Scale): string {
  if (scale.kind === 'number') return minus(scale, newest, scale.overlap);
  const now = stampText(clock.server);
  return minus(scale, now < newest ? now : newest, scale.overlap + (jump?.ms ?? 0));
}
