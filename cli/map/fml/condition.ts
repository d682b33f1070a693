/** The FHIRPath of a `where`, as far as a condition of the map says the same. */

/** @param addressOf address of a path, or undefined where it starts at nothing known */
export function conditionOf(expression: string, addressOf: (path: string) => string | undefined): string | undefined {
  const parts = split(expression);
  const made = parts.map((part) => (part === 'and' || part === 'or' ? part : simple(part, addressOf)));
  return made.every((part) => part !== undefined) ? made.join(' ') : undefined;
}

/** Between `and` and `or` outside quotes; parentheses around parts are not followed. */
function split(expression: string): string[] {
  return expression
    .split(/\s+(and|or)\s+(?=(?:[^']*'[^']*')*[^']*$)/)
    .map((part) => part.trim())
    .map((part) => (part.startsWith('(') && part.endsWith(')') ? part.slice(1, -1).trim() : part));
}

const PATH = '(%?\\$?[A-Za-z_][\\w.]*?)';

function simple(part: string, addressOf: (path: string) => string | undefined): string | undefined {
  const say = (path: string | undefined, rest: string) => {
    const address = path === undefined ? undefined : addressOf(path.replace(/^%/, ''));
    return address === undefined ? undefined : `${address} ${rest}`;
  };
  const exists = new RegExp(
    `^${PATH}\\.(exists\\(\\)|empty\\(\\)|exists\\(\\)\\.not\\(\\)|empty\\(\\)\\.not\\(\\))$`,
  ).exec(part);
  if (exists) return say(exists[1], /^exists\(\)$|^empty\(\)\.not/.test(exists[2]!) ? 'present' : 'absent');
  const compared = new RegExp(`^${PATH}\\s*(=|!=|<=|>=|<|>)\\s*(?:'([^']*)'|(-?\\d+(?:\\.\\d+)?))$`).exec(part);
  if (compared) return say(compared[1], `${compared[2]} ${word(compared[3] ?? compared[4]!)}`);
  const among = new RegExp(`^${PATH}\\s+in\\s+\\(?((?:\\s*'[^']*'\\s*\\|?)+)\\)?$`).exec(part);
  if (!among) return undefined;
  const words = [...among[2]!.matchAll(/'([^']*)'/g)].map(([, one]) => word(one!));
  return say(among[1], `in [${words.join(', ')}]`);
}

function word(value: string): string | undefined {
  if (/^[\p{L}\p{N}_.-]+$/u.test(value)) return value;
  return value.includes("'") ? undefined : `'${value}'`;
}
