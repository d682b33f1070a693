/** Random messages of a structure, as groups of segment names. */
import fc from 'fast-check';
import type { Content, Element } from '../structure/notation.ts';

export interface Arrangement {
  /** Empty for the message itself. */
  readonly name: string;
  /** In their order, without those of groups below. */
  readonly segments: readonly string[];
  readonly groups: readonly Arrangement[];
  /** All segments of the group and of those below, in the order of the message, with the name of their own group. */
  readonly flat: readonly { readonly name: string; readonly group: string }[];
}

/**
 * @param most how often a repeating element is there at most
 * @returns any arrangement that the structure allows
 */
export function arrangementOf(content: Content, most = 2, name = ''): fc.Arbitrary<Arrangement> {
  return fc
    .tuple(...content.elements.map((element, index) => partOf(element, begins(content, index), most)))
    .map((parts) => {
      const all = parts.flat();
      return {
        name,
        segments: all.flatMap((part) => (typeof part === 'string' ? [part] : [])),
        groups: all.flatMap((part) => (typeof part === 'string' ? [] : [part])),
        flat: all.flatMap((part) => (typeof part === 'string' ? [{ name: part, group: name }] : part.flat)),
      };
    });
}

/** A group of which everything may be absent is begun with its first element: nothing else tells where it begins. */
function begins({ elements }: Content, index: number): boolean {
  return elements[index]!.required || (index === 0 && elements.every(({ required }) => !required));
}

function partOf(element: Element, always: boolean, most: number): fc.Arbitrary<(string | Arrangement)[]> {
  const { content, name, segments, repeats } = element;
  const one: fc.Arbitrary<string | Arrangement> = content
    ? arrangementOf(content, most, name)
    : fc.constantFrom(...segments);
  return fc.array(one, { minLength: always ? 1 : 0, maxLength: repeats ? most : 1 });
}
