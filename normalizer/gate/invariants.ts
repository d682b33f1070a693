/** The invariants of R4: compiled from their FHIRPath, but for those that FHIRPath says slowly or not surely. */
import { canonicalJson, isNumber, numberText } from '../../core/json.ts';
import { isLater } from '../shared/datetime.ts';
import { isTree } from '../tree.ts';
import { has, members } from './fhirpath/items.ts';
import { type ByNames, byNames } from './fhirpath/names.ts';
import { compileRule } from './fhirpath/rule.ts';
import { expressionOf } from './table.ts';

export interface Rule {
  /** What is told where it is not kept: `breaks qty-3`. */
  readonly breach: string;
  /** It asks for the resource around the element. */
  readonly ofResource: boolean;
  readonly byNames: ByNames;
  /** @param element the object, or the primitive, that has the invariant */
  readonly holds: (element: unknown, resource: unknown) => boolean;
}

const rules = new Map<string, Rule>();

/** @param key of the table, as `qty-3` */
export function ruleOf(key: string): Rule {
  let rule = rules.get(key);
  if (!rule) {
    const holds = OWN[key] ?? compileRule(expressionOf(key));
    const ofContents = key.startsWith('dom-');
    rule = {
      breach: `breaks ${key.split('#')[0]}`,
      holds: ofContents ? ofContained(holds) : holds,
      ofResource: OWN[key] === undefined && expressionOf(key).includes('%resource'),
      byNames: ofContents ? ofContainer : byNames(expressionOf(key)),
    };
    rules.set(key, rule);
  }
  return rule;
}

/** The invariants of every resource are all about what it contains: mostly nothing. */
function ofContained(holds: Rule['holds']): Rule['holds'] {
  return (resource, outer) => (resource as Element).contained === undefined || holds(resource, outer);
}

const ofContainer: ByNames = (names) => (names.includes('contained') ? undefined : true);

type Element = Readonly<Record<string, unknown>>;

const OWN: Readonly<Record<string, (element: unknown) => boolean>> = {
  'bdl-2': (it) => (it as Element).type === 'searchset' || !members([it], 'entry').some(isFound),
  'bdl-3': (it) => entriesHave(it as Element, 'request', ['batch', 'transaction', 'history']),
  'bdl-4': (it) => entriesHave(it as Element, 'response', ['batch-response', 'transaction-response', 'history']),
  'bdl-8': (it) => isOfNoHistory(it as Element),
  'bdl-7': (it) => (it as Element).type === 'history' || urlsDiffer(it as Element),
  'dom-3': (it) => containedAreUsed(it as Element),
  'org-1': (it) => has([it], 'identifier') || has([it], 'name'),
  'per-1': (it) => isRising(it as Element),
  'rng-2': (it) => !greater(amount((it as Element).low), amount((it as Element).high)),
};

/** Where the order of two dates is not sure, they are as they should be. */
function isRising(period: Element): boolean {
  const { start, end } = period;
  return typeof start === 'string' && typeof end === 'string' ? !isLater(start, end) : per1(period, period);
}

const per1 = compileRule(expressionOf('per-1'));

function entriesOf({ entry }: Element): readonly unknown[] {
  return Array.isArray(entry) ? entry : [];
}

/** The part is in every entry of Bundles of these types, and in none of others. */
function entriesHave(bundle: Element, part: string, types: readonly string[]): boolean {
  const due = types.includes(String(bundle.type));
  return entriesOf(bundle).every((entry) => isTree(entry) && (entry[part] !== undefined) === due);
}

/** By a search. */
function isFound(entry: unknown): boolean {
  return isTree(entry) && (entry.search !== undefined || entry._search !== undefined) && has([entry], 'search');
}

function isOfNoHistory(entry: Element): boolean {
  const url = typeof entry.fullUrl === 'string' ? entry.fullUrl : members([entry], 'fullUrl')[0];
  return url === undefined || (typeof url === 'string' && !url.includes('/_history/'));
}

function urlsDiffer(bundle: Element): boolean {
  const known = new Set<string>();
  let count = 0;
  for (const entry of entriesOf(bundle)) {
    if (!isTree(entry) || typeof entry.fullUrl !== 'string') continue;
    const { resource } = entry;
    const version = isTree(resource) && isTree(resource.meta) ? resource.meta.versionId : undefined;
    known.add(version === undefined ? entry.fullUrl : `${entry.fullUrl} ${String(version)}`);
    count += 1;
  }
  return known.size === count;
}

/** Whatever is contained is referred to from within, or refers to its container. */
function containedAreUsed(resource: Element): boolean {
  if (!Array.isArray(resource.contained)) return true;
  const text = canonicalJson(resource);
  return resource.contained.every(
    (one) => !isTree(one) || text.includes(`"#${String(one.id)}"`) || canonicalJson(one).includes('"reference":"#"'),
  );
}

function amount(quantity: unknown): unknown {
  return isTree(quantity) ? quantity.value : undefined;
}

function greater(a: unknown, b: unknown): boolean {
  return isNumber(a) && isNumber(b) && Number(numberText(a)) > Number(numberText(b));
}
