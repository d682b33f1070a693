/** White space in texts, most of which hold none: asking is cheaper than a copy without it. */

/** A sign that is seen, by its UTF-16 unit: those of ASCII, and Han. Of others it is not said. */
export function isInk(unit: number): boolean {
  return (unit > 0x20 && unit < 0x7f) || (unit >= 0x4e00 && unit < 0xa000);
}

/** As `trim`, then single spaces within: the form of an R4 code. */
export function singleSpaced(text: string): string {
  for (let at = 0; at < text.length; at += 1)
    if (!isInk(text.charCodeAt(at))) return text.trim().replaceAll(/\s+/g, ' ');
  return text;
}
