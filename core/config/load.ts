/** Reads the config file: every problem at once, each with its line and column. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { BridgeError } from '../errors.ts';
import { ConfigError, type ConfigProblem } from './error.ts';
import { type BridgeConfig, configSchema } from './schema.ts';

type Path = readonly PropertyKey[];
type JsonSchema = { [key: string]: unknown };

/**
 * @param file path of the YAML file
 * @param kinds config schemas of the registered connectors
 * @throws BridgeError `config.missing`; ConfigError with all problems
 */
export function loadConfig(file: string, kinds: readonly z.ZodObject[]): BridgeConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new BridgeError('config.missing', `there is no config file at ${file}`);
  }
  return parseConfig(text, file, kinds);
}

export function parseConfig(text: string, file: string, kinds: readonly z.ZodObject[]): BridgeConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    ...position(lines, error.pos[0]),
    path: '',
    message: error.message.split(' at line ')[0]!,
  }));
  if (problems.length > 0) throw new ConfigError(file, problems);

  const schema = configSchema(kinds);
  const json = jsonSchema(schema);
  const raw = substitute(document, lines, json, problems);
  const parsed = schema.safeParse(raw);
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => fromIssue(issue, document, lines)));
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, sorted(problems));
  return absolutePaths(parsed.data, dirname(resolve(file)), json) as BridgeConfig;
}

/** JSON Schema of the config file, for editors. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/** Replaces `${env:NAME}` in plain fields; secret fields keep their reference. */
function substitute(document: Document, lines: LineCounter, schema: JsonSchema, problems: ConfigProblem[]): unknown {
  const walk = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((entry, index) => walk(entry, [...path, index]));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, walk(entry, [...path, key])]));
    }
    if (typeof value !== 'string' || !value.includes('${') || flagged('secret', schema, path)) return value;
    return value.replaceAll(/\$\{env:([A-Za-z_]\w*)\}/g, (whole, variable: string) => {
      const found = process.env[variable];
      if (found !== undefined) return found;
      problems.push({
        ...place(document, lines, path),
        path: path.join('.'),
        message: `the environment variable ${variable} is not set`,
      });
      return whole;
    });
  };
  return walk(plain(document, problems), []);
}

/** Aliases expand within a bound only: a small file must not fill the memory. */
function plain(document: Document, problems: ConfigProblem[]): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    problems.push({ line: 1, column: 1, path: '', message: 'too many aliases' });
    return {};
  }
}

/** Whether the field at this path carries the flag that `fields.ts` put on it. */
function flagged(flag: 'secret' | 'path', schema: JsonSchema, path: Path): boolean {
  if (path.length === 0) {
    const variants = [...((schema.anyOf as JsonSchema[]) ?? []), ...((schema.oneOf as JsonSchema[]) ?? [])];
    return schema[flag] === true || variants.some((variant) => flagged(flag, variant, path));
  }
  const [head, ...rest] = path;
  const properties = schema.properties as Record<string, JsonSchema> | undefined;
  const below = [
    properties?.[String(head)],
    schema.additionalProperties as JsonSchema | undefined,
    schema.items as JsonSchema | undefined,
  ];
  const variants = [...((schema.anyOf as JsonSchema[]) ?? []), ...((schema.oneOf as JsonSchema[]) ?? [])];
  return (
    below.some((branch) => branch && typeof branch === 'object' && flagged(flag, branch, rest)) ||
    variants.some((branch) => flagged(flag, branch, path))
  );
}

function fromIssue(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { ...place(document, lines, path, true), path: path.join('.'), message: 'unknown key' };
    });
  }
  const message =
    issue.code === 'invalid_union' && issue.path.at(-1) === 'kind' ? 'unknown kind of source' : issue.message;
  return [{ ...place(document, lines, issue.path), path: issue.path.join('.'), message }];
}

/** Of the value at this path, or of its key, or of the closest place above that exists. */
function place(
  document: Document,
  lines: LineCounter,
  path: Path,
  wantKey = false,
): { line?: number; column?: number } {
  for (let length = path.length; length >= 0; length--) {
    const prefix = path.slice(0, length);
    const parent =
      length === 0 ? undefined : prefix.length === 1 ? document.contents : document.getIn(prefix.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === prefix.at(-1))
      : undefined;
    if (wantKey && length === path.length && pair && isScalar(pair.key) && pair.key.range)
      return position(lines, pair.key.range[0]);
    const node = length === 0 ? document.contents : document.getIn(prefix, true);
    if (isNode(node) && node.range) return position(lines, node.range[0]);
    if (pair && isScalar(pair.key) && pair.key.range) return position(lines, pair.key.range[0]);
  }
  return {};
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function sorted(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Every path field and every `file:` secret, relative to the folder of the config file, becomes absolute. */
function absolutePaths(value: unknown, base: string, schema: JsonSchema, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => absolutePaths(entry, base, schema, [...path, index]));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, absolutePaths(entry, base, schema, [...path, key])]),
    );
  }
  if (typeof value !== 'string') return value;
  if (flagged('path', schema, path)) return resolve(base, value);
  return value.startsWith('file:') && flagged('secret', schema, path) ? `file:${resolve(base, value.slice(5))}` : value;
}
