/** Raw checks on FHIR JSON before it is parsed: UTF-8, size, depth, duplicate keys. */
import type { Issue } from '../../core/types.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 100;

/** @returns the text, or the fault that refuses it */
export function checkText(bytes: Uint8Array): string | Issue {
  if (bytes.length > MAX_BYTES) return fault('source.too-large', 'the content is larger than 64 MiB');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fault('item.charset', 'the content is not UTF-8');
  }
  try {
    JSON.parse(text);
  } catch {
    return fault('item.format', 'the content is no JSON');
  }
  return scan(text) ?? text;
}

function fault(code: Issue['code'], detail: string): Issue {
  return { severity: 'error', code, path: '', detail };
}

/** One pass over valid JSON: nesting, and keys that one object names twice (compared after their escapes). */
function scan(text: string): Issue | undefined {
  const keys: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found, colon] = match;
    if (found === '{') keys.push(new Set());
    else if (found === '[') keys.push(null);
    else if (found === '}' || found === ']') keys.pop();
    else if (colon !== undefined) {
      const raw = found.slice(0, found.lastIndexOf('"') + 1);
      const key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
      const names = keys.at(-1);
      if (names?.has(key)) return fault('fhir.structure', 'one object names a property twice');
      names?.add(key);
    }
    if (keys.length > MAX_DEPTH) return fault('item.format', 'the content is nested too deeply');
  }
  return undefined;
}
