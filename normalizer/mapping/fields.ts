/** What is made of a few fields that say nothing of a patient, remembered as a whole: a sender, an insurer. */
import { isRecurring, type Reads, rememberField } from './memory.ts';
import type { Run } from './run.ts';
import type { Recurring, SourceFormat } from './sources/format.ts';

/** Keeps what is made of fields of one segment, by their content, also for the items that follow. */
export function rememberFields<T>(make: (run: Run) => T, reads: Reads, format: SourceFormat): (run: Run) => T {
  const fields = reads.addresses.flatMap(({ nobodys }) => nobodys ?? []);
  // Parts of the loop's item are read within loops over these fields.
  const isAll = reads.addresses.every(({ nobodys, depends }) => nobodys || depends === 'item');
  const [first] = fields;
  const { fieldsOf } = format;
  if (!fieldsOf || reads.named || !isAll || !first || fields.some(({ segment }) => segment !== first.segment))
    return make;
  const numbers = [...new Set(fields.map(({ number }) => number))];
  const remembered = rememberField<T, Recurring>(make, true);
  return (run) => {
    if (!run.lasting || run.silent || isRecurring(run.scope.item)) return make(run);
    const found = fieldsOf(run.scope, first.segment, numbers);
    return found ? remembered(run, found) : make(run);
  };
}
