/** The key of a row as text. Joins one to one: `a|b`,`c` and `a`,`b|c` differ. */
export function keyText(values: readonly string[]): string {
  return values.map((value) => value.replaceAll('\\', '\\\\').replaceAll('|', '\\|')).join('|');
}
