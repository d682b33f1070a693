/** Words of the FHIR Mapping Language. */
import { fmlFault } from './model.ts';

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
  readonly line: number;
  /** Offset in the text, for expressions that are taken as they stand. */
  readonly at: number;
}

const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<word>`[^`]*`|[A-Za-z_][\w]*)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<number>-?\d+(?:\.\d+)?)|(?<sign>->|<<|>>|\.\.|==|!=|<=|>=|[^\s\w])/gy;

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw fmlFault(line, 'a sign that the language does not know');
    const { word, text: quoted, number, sign } = match.groups!;
    if (word) tokens.push({ kind: 'word', text: word.replaceAll('`', ''), line, at });
    else if (quoted) tokens.push({ kind: 'text', text: unescaped(quoted.slice(1, -1)), line, at });
    else if (number) tokens.push({ kind: 'number', text: number, line, at });
    else if (sign === '"' || sign === "'") throw fmlFault(line, 'a quote is not closed');
    else if (sign) tokens.push({ kind: 'sign', text: sign, line, at });
    line += match[0].split('\n').length - 1;
  }
  tokens.push({ kind: 'end', text: '', line, at: text.length });
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

function unescaped(text: string): string {
  return text.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) =>
    escaped.length === 5 ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16)) : (ESCAPES[escaped] ?? escaped),
  );
}
