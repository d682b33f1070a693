/** Names of segments. */

const names = new Map<string, string>();
/** HL7 v2.9 has 190; others are the senders' own. */
const MOST = 1024;

/**
 * The name of a segment as the engine keeps names of properties: two of these are compared by where they are, and names are
 * compared a thousand times a message.
 */
export function segmentName(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size >= MOST) names.clear();
  const kept = Object.keys({ [name]: true })[0]!;
  names.set(kept, kept);
  return kept;
}

const NAME = /^[A-Z][A-Z0-9]{2}$/;

/** Three characters before a field separator or the end; senders write them in lower case, too. */
export function segmentNameOf(line: string, field: string): string | undefined {
  if (line.length > 3 && line[3] !== field) return undefined;
  const written = line.slice(0, 3);
  const known = names.get(written);
  if (known !== undefined) return known;
  const name = written.toUpperCase();
  return NAME.test(name) ? segmentName(name) : undefined;
}
