/** A page of the docs as a script: its fenced blocks are files, patches, commands and what the commands show. */

export interface Block {
  readonly kind: 'sh' | 'text' | 'file' | 'diff';
  /** Of a file or a patch, relative to the folder of the page. */
  readonly file: string;
  readonly text: string;
  readonly line: number;
}

/** ```` ```sh ````, ```` ```text ````, ```` ```diff FILE ````, and any other language with a file name. Others are for reading only. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, language = '', file = ''] = /^```(\w+) ?(\S*)$/.exec(lines[at]!) ?? [];
    if (!language) continue;
    const end = lines.indexOf('```', at + 1);
    const text = `${lines.slice(at + 1, end).join('\n')}\n`;
    const kind = language === 'sh' || language === 'text' ? language : language === 'diff' ? 'diff' : 'file';
    if (kind === 'sh' || kind === 'text' || file) blocks.push({ kind, file, text, line: at + 2 });
    at = end;
  }
  return blocks;
}

/** The first line of `shown` that the output does not have, in order; widths of columns do not count. */
export function missingLine(shown: string, output: string): string | undefined {
  const have = output.split('\n').map(squeeze);
  let at = 0;
  for (const line of shown.split('\n').map(squeeze)) {
    if (line === '') continue;
    const found = have.findIndex((one, index) => index >= at && one.includes(line));
    if (found === -1) return line;
    at = found + 1;
  }
  return undefined;
}

function squeeze(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}
