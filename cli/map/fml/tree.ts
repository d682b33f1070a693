/** The map that is being made of an FML map, and how it is written as YAML. */

/** One line of YAML, ready to stand behind `name: ` or `- `. */
export type Leaf = string;

export class Part {
  each: string | undefined;
  condition: string | undefined;
  /** R4 type, as far as it is known; for looking up lists. */
  readonly type: string | undefined;
  readonly entries = new Map<string, (Leaf | Part)[]>();

  constructor(type: string | undefined) {
    this.type = type;
  }

  add(name: string, value: Leaf | Part): void {
    const present = this.entries.get(name);
    if (present) present.push(value);
    else this.entries.set(name, [value]);
  }

  /** Lines of the inside, not indented. */
  lines(): string[] {
    const lines: string[] = [];
    if (this.each) lines.push(`each: ${this.each}`);
    if (this.condition) lines.push(`if: ${text(this.condition)}`);
    for (const [name, values] of this.entries) lines.push(...entryLines(name, values));
    return lines;
  }
}

export class ResourcePart extends Part {
  /** Unique in the map. */
  readonly name: string;

  constructor(type: string, name: string) {
    super(type);
    this.name = name;
  }
}

function entryLines(name: string, values: readonly (Leaf | Part)[]): string[] {
  const [only, ...more] = values;
  if (more.length === 0) return valueLines(`${name}:`, only!, '  ');
  return [`${name}:`, ...values.flatMap((value) => listItem(value))];
}

function valueLines(head: string, value: Leaf | Part, indent: string): string[] {
  if (typeof value === 'string') return [`${head} ${value}`];
  return [head, ...value.lines().map((line) => indent + line)];
}

function listItem(value: Leaf | Part): string[] {
  if (typeof value === 'string') return [`  - ${value}`];
  return value.lines().map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`));
}

/** A text of the map as a YAML scalar; what the language would read as more than a text is quoted or named literal. */
export function text(value: string): string {
  const plain =
    /^[\p{L}_][\p{L}\p{N} _./()=!<>-]*$/u.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|~)$/i.test(value) &&
    !value.endsWith(' ');
  return plain ? value : `'${value.replaceAll("'", "''")}'`;
}

export function literal(value: string | number | boolean): Leaf {
  if (typeof value !== 'string') return String(value);
  return value.startsWith('$') || value.includes('${') ? `!literal ${text(value)}` : text(value);
}
