/** One item a message, with exactly its bytes; what belongs to no message is refused, never lost. */
import { type Layout, layoutOf } from '../shared/characters.ts';
import {
  type OpenFile,
  type Piece,
  type Resume,
  readRange,
  refusedRange,
  type SplitFile,
} from '../shared/folder-split.ts';
import { type Region, regions, trimmedLength } from './regions.ts';

/**
 * Source keys: the path alone for the only message of a file, else `path#1`, `path#2` …; `path@offset` for bytes
 * that belong to no message.
 */
export function messageSplitter(charset: string | undefined): SplitFile {
  return (file, from, itemBytes) => split(file, from, itemBytes, charset);
}

async function* split(file: OpenFile, from: Resume, itemBytes: number, charset: string | undefined) {
  const layout = await layoutOf(file, charset);
  let count = from.count;
  let found = from.offset > 0;
  for await (const region of regions(file, layout, Math.max(from.offset, layout.start))) {
    if (region.type === 'message') {
      const alone = count === 0 && !(await hasMessage(file, layout, region.end));
      count++;
      yield await message(file, region, layout, alone ? '' : `#${count}`, itemBytes, count);
    } else if (region.blank) continue;
    else if (region.start === layout.start && region.end === file.size) break;
    else yield await stray(file, region, count);
    found = true;
  }
  if (!found) yield await nothing(file);
}

async function hasMessage(file: OpenFile, layout: Layout, from: number): Promise<boolean> {
  for await (const region of regions(file, layout, from)) if (region.type === 'message') return true;
  return false;
}

async function message(
  file: OpenFile,
  region: Region,
  layout: Layout,
  suffix: string,
  itemBytes: number,
  count: number,
): Promise<Piece> {
  const common = { suffix, resume: { offset: region.end, count } };
  if (region.end - region.start > itemBytes) {
    return { ...common, ...(await refusedRange(file, region, 'source.too-large', 'larger than limits.itemBytes')) };
  }
  const bytes = await readRange(file, region.start, region.end);
  const declared = layout.charset === undefined ? {} : { charset: layout.charset };
  return { ...common, ...declared, bytes: bytes.subarray(0, trimmedLength(bytes, layout)) };
}

async function stray(file: OpenFile, region: Region, count: number): Promise<Piece> {
  const refused = await refusedRange(file, region, 'item.format', 'these bytes of the file belong to no message');
  return { suffix: `@${region.start}`, resume: { offset: region.end, count }, ...refused };
}

async function nothing(file: OpenFile): Promise<Piece> {
  const refused = await refusedRange(file, { start: 0, end: file.size }, 'item.format', 'the file holds no message');
  return { suffix: '', resume: { offset: file.size, count: 0 }, ...refused };
}
