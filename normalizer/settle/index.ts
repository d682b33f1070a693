/**
 * The last word before the gate on what any map or converter wrote, so that no validator refuses a record for what a
 * sender wrote, and nothing of it is lost.
 */
import { isOrdered } from '../shared/datetime.ts';
import { CURRENCIES } from '../terminology/currencies.ts';
import { isUcum } from '../terminology/ucum.ts';
import { mayBeOf, settleCode, settleProse, settleUnit, UCUM } from './codes.ts';
import { isRising, settleCurrency, settlePeriod, settleRange } from './pairs.ts';
import { isSettledResource, settleResource } from './resources.ts';

export type Tree = Record<string, unknown>;

export interface Told {
  /** A code that was not in the system it named, with the hospital's system that it has now. */
  readonly code: (system: string, code: string) => void;
  /** One sentence of anything else. */
  readonly note: (detail: string) => void;
}

/**
 * @param value of a resource that is being built; not changed, since its parts may stand elsewhere, too
 * @param unsettled the objects that have to be settled, and those around them; all are looked at where it is not given
 */
export function settled(value: unknown, hospital: string, told: Told, unsettled?: ReadonlySet<unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map((item) => settled(item, hospital, told, unsettled));
    return list.some((item, index) => item !== value[index]) ? list : value;
  }
  if (unsettled && !unsettled.has(value)) return value;
  return settledTree(value as Tree, hospital, told, unsettled);
}

function settledTree(tree: Tree, hospital: string, told: Told, unsettled: ReadonlySet<unknown> | undefined): Tree {
  let own = tree;
  let within = unsettled;
  if (!isSettled(tree)) {
    own = { ...tree };
    if (tree.resourceType === undefined) settlePart(own, hospital, told);
    else settleResource(own, told);
    within = undefined;
  }
  for (const key of Object.keys(own)) {
    const part = own[key];
    const made = settled(part, hospital, told, within);
    if (made === part) continue;
    if (own === tree) own = { ...tree };
    own[key] = made;
  }
  return own;
}

/** What a part is, is told by its properties. */
function settlePart(tree: Tree, hospital: string, told: Told): void {
  const { system, code, start, end, currency, low, high } = tree;
  if (typeof code === 'string') {
    if (code.length > LONGEST) settleProse(tree, code, told);
    else if (system === UCUM) settleUnit(tree, code, hospital, told);
    else if (typeof system === 'string') settleCode(tree, system, code, hospital, told);
  }
  if (typeof start === 'string' && typeof end === 'string') settlePeriod(tree, start, end, told);
  if (typeof currency === 'string') settleCurrency(tree, currency, told);
  if (low !== undefined && high !== undefined) settleRange(tree, low as Tree, high as Tree, told);
}

/** Properties without which an object has nothing to settle. */
export function isLooked(key: string): boolean {
  return key === 'code' || key === 'end' || key === 'currency' || key === 'high' || key === 'resourceType';
}

/** False where an object itself may have to be changed. Most are as they should be. */
export function isSettled(tree: Tree): boolean {
  if (tree.resourceType !== undefined) return isSettledResource(tree);
  const { system, code, start, end, currency, low, high } = tree;
  if (typeof code === 'string' && !isSettledCode(system, code)) return false;
  if (typeof start === 'string' && typeof end === 'string' && !isOrdered(start, end)) return false;
  if (typeof currency === 'string' && !CURRENCIES.has(currency)) return false;
  return low === undefined || high === undefined || isRising(low as Tree, high as Tree);
}

function isSettledCode(system: unknown, code: string): boolean {
  if (code.length > LONGEST) return false;
  return typeof system !== 'string' || (system === UCUM ? isUcum(code) : mayBeOf(system, code));
}

/** Characters of a code; what is longer is a text in its place, on which validators' patterns overflow. */
const LONGEST = 1000;
