/** Text → GB 18030 bytes; Node decodes the set but does not encode it, so that the decoder's answers are turned round. */
const decoder = new TextDecoder('gb18030');
let table: Map<string, readonly number[]> | undefined;

export function encodeGb18030(text: string): Uint8Array {
  table ??= basicPlane();
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0)!;
    if (point < 0x80) bytes.push(point);
    else bytes.push(...(point > 0xffff ? four(189_000 + point - 0x10000) : table.get(char)!));
  }
  return Uint8Array.from(bytes);
}

function basicPlane(): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>();
  const learn = (bytes: readonly number[]) => {
    const char = decoder.decode(Uint8Array.from(bytes));
    if (char.length === 1 && char !== '\uFFFD' && !found.has(char)) found.set(char, bytes);
  };
  for (let lead = 0x81; lead <= 0xfe; lead += 1) for (let trail = 0x40; trail <= 0xfe; trail += 1) learn([lead, trail]);
  for (let index = 0; index < 39_420; index += 1) learn(four(index));
  return found;
}

/** The four-byte code of this number, counted from 81 30 81 30. */
function four(index: number): number[] {
  const [first, second, third, last] = [index / 12_600, (index / 1260) % 10, (index / 10) % 126, index % 10];
  return [0x81 + Math.floor(first), 0x30 + Math.floor(second), 0x81 + Math.floor(third), 0x30 + last];
}
