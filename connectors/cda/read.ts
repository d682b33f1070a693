/** One file is one document. */
import { type OpenFile, type Piece, type Resume, readRange, refusedRange } from '../shared/folder-split.ts';

export async function* wholeFile(file: OpenFile, _from: Resume, itemBytes: number): AsyncGenerator<Piece> {
  const common = { suffix: '', resume: { offset: file.size, count: 1 } };
  if (file.size > itemBytes) {
    const range = { start: 0, end: file.size };
    yield { ...common, ...(await refusedRange(file, range, 'source.too-large', 'larger than limits.itemBytes')) };
  } else yield { ...common, bytes: await readRange(file, 0, file.size) };
}
