/** Resources of a file as pieces. */
import { splitFhirFile } from '../../connectors/fhir/split.ts';
import {
  type OpenFile,
  type Piece,
  type Resume,
  readRange,
  refusedRange,
  START,
} from '../../connectors/shared/folder-split.ts';

export async function* splitFhir(file: OpenFile, _from: Resume, itemBytes: number): AsyncGenerator<Piece> {
  if (file.size > itemBytes) {
    const whole = { start: 0, end: file.size };
    yield {
      suffix: '',
      resume: START,
      ...(await refusedRange(file, whole, 'source.too-large', 'larger than a file of resources may be')),
    };
    return;
  }
  const pieces = [...splitFhirFile(await readRange(file, 0, file.size))];
  for (const [index, { bytes, refused }] of pieces.entries()) {
    const suffix = pieces.length === 1 ? '' : `#${index + 1}`;
    if (!refused) yield { suffix, resume: START, bytes };
    else
      yield {
        suffix,
        resume: START,
        refused: refused.code,
        detail: refused.detail,
        size: bytes.length,
        head: bytes.subarray(0, 65_536),
      };
  }
}
