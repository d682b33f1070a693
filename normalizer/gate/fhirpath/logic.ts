/** Three-valued logic (FHIRPath §6.5) over conditions; the right side is asked only where it matters. */

/** Undefined where nothing is said. */
export type Test<A, B> = (a: A, b: B) => boolean | undefined;

type Combine = <A, B>(left: Test<A, B>, right: Test<A, B>) => Test<A, B>;

const and: Combine = (left, right) => (a, b) => {
  const first = left(a, b);
  if (first === false) return false;
  const second = right(a, b);
  return second === false ? false : first && second;
};

const or: Combine = (left, right) => (a, b) => {
  const first = left(a, b);
  if (first === true) return true;
  const second = right(a, b);
  return second === true ? true : first === false && second === false ? false : undefined;
};

const implies: Combine = (left, right) => (a, b) => {
  const first = left(a, b);
  if (first === false) return true;
  const second = right(a, b);
  return second === true ? true : first === true && second === false ? false : undefined;
};

const xor: Combine = (left, right) => (a, b) => {
  const [first, second] = [left(a, b), right(a, b)];
  return first === undefined || second === undefined ? undefined : first !== second;
};

export const LOGIC: Readonly<Record<string, Combine>> = { and, or, implies, xor };
