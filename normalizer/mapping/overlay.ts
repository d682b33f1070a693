/** Lays an overlay over its base. Nothing of the base is copied: each part keeps the place where it was written. */
import type { Problems } from './problems.ts';
import { entryOf } from './sources/format.ts';
import type { Entry, ListNode, MapNode, Node } from './yaml.ts';

/** Parts that are merged name by name. */
const NAMED = ['constants', 'groups', 'namespaces', 'fragments'];

export function mergeTrees(base: MapNode, overlay: MapNode, problems: Problems): MapNode {
  const entries = new Map(base.entries.filter(({ key }) => key !== 'remove').map((entry) => [entry.key, entry]));
  for (const entry of overlay.entries) {
    const below = entries.get(entry.key);
    if (
      entry.key === 'source' &&
      below?.value.kind === 'scalar' &&
      entry.value.kind === 'scalar' &&
      below.value.text !== entry.value.text
    )
      problems.add(entry.value.at, `the base reads ${below.value.text}`, 'leave source out of an overlay');
    if (entry.key === 'source' && below) continue;
    entries.set(entry.key, below ? mergePart(below, entry, problems) : entry);
  }
  return pruneRemoved({ ...overlay, entries: [...entries.values()] }, overlay, problems);
}

function mergePart(base: Entry, overlay: Entry, problems: Problems): Entry {
  const { key } = overlay;
  const [below, above] = [base.value, overlay.value];
  if (below.kind === 'map' && above.kind === 'map') {
    if (NAMED.includes(key)) return { ...overlay, value: { ...above, entries: byName(below.entries, above.entries) } };
    if (key === 'codes') return { ...overlay, value: { ...above, entries: mergeCodes(below.entries, above.entries) } };
  }
  if (below.kind === 'list' && above.kind === 'list') {
    if (key === 'refuse') return { ...overlay, value: { ...above, items: [...below.items, ...above.items] } };
    if (key === 'resources') return { ...overlay, value: mergeResources(below, above, problems) };
  }
  return overlay;
}

function byName(base: readonly Entry[], overlay: readonly Entry[]): Entry[] {
  const entries = new Map(base.map((entry) => [entry.key, entry]));
  for (const entry of overlay) entries.set(entry.key, entry);
  return [...entries.values()];
}

/** A code map of the same name: its entries and options over those of the base, unless it says `replace: true`. */
function mergeCodes(base: readonly Entry[], overlay: readonly Entry[]): Entry[] {
  const entries = new Map(base.map((entry) => [entry.key, entry]));
  for (const entry of overlay) {
    const below = entries.get(entry.key);
    if (below?.value.kind !== 'map' || entry.value.kind !== 'map') {
      entries.set(entry.key, entry);
      continue;
    }
    const replace = entryOf(entry.value.entries, 'replace');
    const above = entry.value.entries.filter((one) => one !== replace);
    if (replace?.value.kind === 'scalar' && replace.value.text === 'true') {
      entries.set(entry.key, { ...entry, value: { ...entry.value, entries: above } });
      continue;
    }
    const merged = new Map(below.value.entries.map((one) => [one.key, one]));
    for (const one of above) {
      const old = merged.get(one.key)?.value;
      const both = one.key === 'map' && old?.kind === 'map' && one.value.kind === 'map';
      merged.set(
        one.key,
        both ? { ...one, value: { ...one.value, entries: byName(old.entries, (one.value as MapNode).entries) } } : one,
      );
    }
    entries.set(entry.key, { ...entry, value: { ...entry.value, entries: [...merged.values()] } });
  }
  return [...entries.values()];
}

/** `Type: name` or `loop: name`. */
export function nameOf(item: Node): string | undefined {
  if (item.kind !== 'map') return undefined;
  const first = item.entries.find(({ key }) => /^[A-Z]/.test(key) || key === 'loop');
  return first?.value.kind === 'scalar' ? first.value.text : undefined;
}

function mergeResources(base: ListNode, overlay: ListNode, problems: Problems): ListNode {
  const added = [...overlay.items];
  const items = base.items.map((item) => mergeItem(item, added, problems));
  return { ...overlay, items: [...items, ...added] };
}

/** Takes what belongs to this item, or to one within it, out of `left`. */
function mergeItem(item: Node, left: Node[], problems: Problems): Node {
  if (item.kind !== 'map') return item;
  const name = nameOf(item);
  const at = name === undefined ? -1 : left.findIndex((one) => nameOf(one) === name);
  const own = at < 0 ? undefined : (left.splice(at, 1)[0] as MapNode);
  const merged = own ? mergeMembers(item, own, problems) : item;
  const inner = entryOf(merged.entries, 'resources');
  if (inner?.value.kind !== 'list') return merged;
  const items = inner.value.items.map((one) => mergeItem(one, left, problems));
  const value = { ...inner.value, items };
  return { ...merged, entries: merged.entries.map((entry) => (entry === inner ? { ...inner, value } : entry)) };
}

/** Members of a resource with others laid over them: `+` adds to a list, a path steps in, null leaves out. */
export function mergeMembers(base: MapNode, overlay: MapNode, problems: Problems): MapNode {
  let entries = [...base.entries];
  for (const entry of overlay.entries) {
    const { key, value } = entry;
    const type = /^[A-Z]/.test(key) || key === 'loop';
    if (type && !base.entries.some((one) => one.key === key)) {
      const was = base.entries.find((one) => /^[A-Z]/.test(one.key) || one.key === 'loop')!.key;
      problems.add(entry.at, `the base has this name for a ${was}`, `write ${was}:, or another name`);
    } else if (key === 'resources' && value.kind === 'list') {
      const below = entryOf(entries, 'resources');
      if (below?.value.kind === 'list')
        entries = put(entries, 'resources', { ...entry, value: mergeResources(below.value, value, problems) });
      else entries = put(entries, key, entry);
    } else if (key.startsWith('+')) entries = append(entries, { ...entry, key: key.slice(1) });
    else if (key.includes('.')) entries = within(entries, key.split('.'), entry, problems);
    else if (value.kind === 'null' && value.tag === undefined) entries = entries.filter((one) => one.key !== key);
    else entries = put(entries, key, entry);
  }
  return { ...base, entries };
}

function put(entries: readonly Entry[], key: string, entry: Entry): Entry[] {
  const there = entries.some((one) => one.key === key);
  return there ? entries.map((one) => (one.key === key ? entry : one)) : [...entries, entry];
}

function append(entries: readonly Entry[], added: Entry): Entry[] {
  const below = entryOf(entries, added.key);
  const list = (value: Node) => (value.kind === 'list' && value.tag === undefined ? value.items : [value]);
  const items = [...(below ? list(below.value) : []), ...list(added.value)];
  return put(entries, added.key, { ...added, value: { kind: 'list', at: added.value.at, items } });
}

/** Replaces one part, making the objects above it where the base has none. */
function within(entries: readonly Entry[], path: readonly string[], entry: Entry, problems: Problems): Entry[] {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    if (entry.value.kind === 'null' && entry.value.tag === undefined) return entries.filter((one) => one.key !== head);
    return put(entries, head, { ...entry, key: head });
  }
  const below = entryOf(entries, head);
  const single = below?.value.kind === 'list' && below.value.items.length === 1 ? below.value.items[0]! : below?.value;
  if (single && single.kind !== 'map') {
    problems.add(entry.at, `${head} of the base is no object that could be stepped into`, `replace ${head} as a whole`);
    return [...entries];
  }
  const inner = within(single?.entries ?? [], rest, entry, problems);
  const value: MapNode = { ...(single ?? { kind: 'map', at: entry.at }), entries: inner } as MapNode;
  return put(entries, head, { key: head, at: below?.at ?? entry.at, value });
}

/** Leaves out the resources and loops that the overlay names in `remove`. */
function pruneRemoved(root: MapNode, overlay: MapNode, problems: Problems): MapNode {
  const remove = entryOf(overlay.entries, 'remove');
  if (!remove) return root;
  const names = new Map<string, Node>();
  const listed = remove.value.kind === 'list' ? remove.value.items : [remove.value];
  for (const item of listed) if (item.kind === 'scalar') names.set(item.text, item);
  const gone = new Set<string>();
  const keep = (items: readonly Node[]): Node[] =>
    items.flatMap((item): Node[] => {
      const name = nameOf(item);
      if (name !== undefined && names.has(name)) {
        gone.add(name);
        return [];
      }
      if (item.kind !== 'map') return [item];
      return [{ ...item, entries: item.entries.map((entry) => inner(entry)) }];
    });
  const inner = (entry: Entry): Entry =>
    entry.key === 'resources' && entry.value.kind === 'list'
      ? { ...entry, value: { ...entry.value, items: keep(entry.value.items) } }
      : entry;
  const made = { ...root, entries: root.entries.filter(({ key }) => key !== 'remove').map(inner) };
  for (const [name, node] of names)
    if (!gone.has(name))
      problems.add(node.at, `the base has no resource or loop ${name}`, 'check the name in the base');
  return made;
}
