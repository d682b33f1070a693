/**
 * Records of an XML file: each becomes canonical JSON. A leaf is its text, an attribute `@name`, text beside
 * attributes `#text`, repeated children an array, `xsi:nil` null. The file is parsed whole: it may not exceed
 * `limits.itemBytes`, and one that is not well-formed is refused whole, as XML asks.
 */
import { asBridgeError } from '../../core/errors.ts';
import { openXml } from '../../core/xml/open.ts';
import type { XmlElement } from '../../core/xml/tree.ts';
import {
  type OpenFile,
  type Piece,
  type Resume,
  readRange,
  refusedRange,
  type SplitFile,
} from '../shared/folder-split.ts';
import type { TableConfig } from './config.ts';
import { keyed } from './json.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** @param path names of elements from the root to the records */
export function xmlSplitter(config: TableConfig, path: readonly string[]): SplitFile {
  return (file, from, itemBytes) => split(file, from, itemBytes, config, path);
}

async function* split(
  file: OpenFile,
  from: Resume,
  itemBytes: number,
  { encoding, key }: TableConfig,
  path: readonly string[],
): AsyncGenerator<Piece> {
  const whole = { start: 0, end: file.size };
  const end: Resume = { offset: file.size, count: 0 };
  if (file.size > itemBytes) {
    yield {
      suffix: '',
      resume: end,
      ...(await refusedRange(file, whole, 'source.too-large', 'larger than limits.itemBytes')),
    };
    return;
  }
  let found: XmlElement[];
  try {
    const root = openXml(await readRange(file, 0, file.size), { prefixes: { [XSI]: 'xsi' }, charset: encoding });
    found = below(root, path);
  } catch (error) {
    const { code, message } = asBridgeError(error, 'item.format', 'the file is not well-formed');
    yield { suffix: '', resume: end, ...(await refusedRange(file, whole, code, message)) };
    return;
  }
  if (found.length === 0) {
    const refused = await refusedRange(file, whole, 'item.format', 'the file holds no element of the configured path');
    yield { suffix: '', resume: end, ...refused };
  }
  for (const [index, element] of found.entries()) {
    if (index < from.count) continue;
    const count = index + 1;
    // Records are counted: the offset only says whether more follow.
    const resume = { offset: count < found.length ? 1 : file.size, count };
    const record = jsonOf(element);
    const made = keyed(typeof record === 'object' && record !== null ? record : { '#text': record }, key);
    if ('refused' in made) {
      yield {
        suffix: `#${count}`,
        resume,
        ...(await refusedRange(file, { start: 0, end: 0 }, made.refused, made.detail)),
      };
    } else yield { suffix: `#${made.key ?? count}`, resume, bytes: made.bytes, charset: 'utf-8' };
  }
}

function below(root: XmlElement, [first, ...rest]: readonly string[]): XmlElement[] {
  let found = local(root.name) === first ? [root] : [];
  for (const name of rest) found = found.flatMap((element) => element.elements().filter((e) => local(e.name) === name));
  return found;
}

type JsonElement = string | null | { [name: string]: JsonElement | JsonElement[] };

function jsonOf(element: XmlElement): JsonElement {
  const children = element.elements();
  const attributes = element.attributes.filter(({ name }) => !name.startsWith('xsi:'));
  const isNil = element.attributes.some(({ name, value }) => name === 'xsi:nil' && (value === 'true' || value === '1'));
  if (children.length === 0 && attributes.length === 0) return isNil ? null : element.rawText();
  const object: Record<string, JsonElement | JsonElement[]> = Object.create(null);
  for (const { name, value } of attributes) object[`@${local(name)}`] = value;
  for (const child of children) {
    const name = local(child.name);
    const before = object[name];
    const value = jsonOf(child);
    if (before === undefined) object[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else object[name] = [before, value];
  }
  const text = element.ownText();
  if (text !== '') object['#text'] = text;
  return object;
}

/** Database exports put all elements into one name space, if any. */
function local(name: string): string {
  return name.slice(name.indexOf('}') + 1);
}
