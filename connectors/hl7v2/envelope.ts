/** Counts of a batch file (HL7 v2.5.1 §2.10.3): BTS-1 says how many messages, FTS-1 how many batches there are. */

/** Where in its envelope a file is; counts of the whole file, so that a later read goes on from them. */
export interface EnvelopePlace {
  /** Messages before the open batch; absent outside of one. */
  readonly before?: number;
  readonly batches?: number;
}

export interface EnvelopeStep {
  readonly place: EnvelopePlace;
  /** True where the trailer counts something else than there is: perhaps a message was lost. */
  readonly isWrong: boolean;
}

/** @param messages read so far */
export function envelopeStep(segment: string, messages: number, place: EnvelopePlace): EnvelopeStep {
  const [name, count] = segment.split(segment[3] ?? '|');
  const { before, batches = 0 } = place;
  const says = /^\s*\d{1,9}\s*$/.test(count ?? '') ? Number(count) : undefined;
  switch (name) {
    case 'BHS':
      return { place: { before: messages, batches: batches + 1 }, isWrong: false };
    case 'BTS':
      return { place: { batches }, isWrong: says !== undefined && before !== undefined && says !== messages - before };
    case 'FTS':
      return { place: {}, isWrong: says !== undefined && batches > 0 && says !== batches };
    default:
      return { place: {}, isWrong: false };
  }
}
