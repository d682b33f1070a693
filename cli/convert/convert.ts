/** `dhc convert`: files in, bundles and reports out; no service, no journal, nothing else is written. */
import { setImmediate } from 'node:timers/promises';
import type { ErrorCode } from '../../core/codes.ts';
import type { Normalized, Rejected, SourceKind } from '../../core/types.ts';
import type { HospitalContext, NormalizeContext } from '../../normalizer/context.ts';
import type { CompiledMap } from '../../normalizer/mapping/index.ts';
import { normalizerOf } from '../../normalizer/one-kind.ts';
import { collectBetween, compileLess } from '../engine.ts';
import { inputFiles } from './inputs.ts';
import { itemsOf } from './items.ts';
import { OutputNames } from './names.ts';
import { type Entry, grouped, normalizeItems } from './normalize.ts';
import { type FileWriter, folderWriter, LineWriter } from './writer.ts';

export interface ConvertOptions {
  readonly from: SourceKind;
  readonly paths: readonly string[];
  /** A folder, or `-` for one bundle a line on standard output. */
  readonly out: string;
  readonly hospital: HospitalContext;
  readonly assigners?: Readonly<Record<string, string>>;
  /** Character set of content that declares none. */
  readonly charset?: string;
  /** Instead of the shipped ones. */
  readonly map?: CompiledMap;
  readonly signal: AbortSignal;
  onItem?(summary: ConvertSummary): void;
}

export interface ConvertSummary {
  files: number;
  items: number;
  bundles: number;
  refused: number;
  /** Issues of the bundles, by code. */
  readonly issues: Record<string, number>;
  /** Refused items, by code. */
  readonly refusals: Record<string, number>;
}

/** One input and the items in it: what becomes one output file. */
interface Source {
  readonly key: string;
  readonly items: AsyncIterable<Entry> | Iterable<Entry>;
}

export async function convert(options: ConvertOptions): Promise<ConvertSummary> {
  const summary: ConvertSummary = { files: 0, items: 0, bundles: 0, refused: 0, issues: {}, refusals: {} };
  const names = new OutputNames();
  const lines = new LineWriter();
  const context = contextOf(options);
  const normalizer = await normalizerOf(options.from);
  const collect = collectBetween();
  compileLess();
  /** Apart from the loop, where a result would be held until the next one. */
  const take = (group: readonly Entry[], writer: FileWriter): Promise<void> | void => {
    const keep = (results: readonly (Normalized | Rejected)[]) => {
      for (const [index, result] of results.entries()) {
        writer.add(group[index]!.sourceKey, result);
        count(summary, result);
        options.onItem?.(summary);
      }
    };
    const made = normalizeItems(group, context, normalizer);
    return made instanceof Promise ? made.then(keep) : keep(made);
  };
  try {
    for await (const source of sources(options)) {
      const writer: FileWriter = options.out === '-' ? lines : folderWriter(options.out, names.of(source.key));
      summary.files++;
      for await (const group of grouped(source.items)) {
        const kept = take(group, writer);
        if (kept) await kept;
        collect();
        // Files are read and written without leaving the thread: signals are heard only when it pauses.
        await setImmediate();
        options.signal.throwIfAborted();
      }
      writer.end();
      options.signal.throwIfAborted();
    }
  } finally {
    lines.flush();
  }
  return summary;
}

async function* sources(options: ConvertOptions): AsyncGenerator<Source> {
  if (options.from === 'dicom') {
    const { studyFiles } = await import('./studies.ts');
    for await (const { key, item } of studyFiles(options.paths, options.signal)) yield { key, items: [item] };
    return;
  }
  for await (const file of inputFiles(options.paths)) {
    try {
      yield { key: file.key, items: itemsOf(file, options.from, { charset: options.charset }) };
    } finally {
      file.close();
    }
  }
}

function contextOf({ hospital, charset, map, assigners }: ConvertOptions): NormalizeContext {
  return {
    hospital,
    feed: 'convert',
    receivedAt: new Date(0).toISOString(),
    ...(charset && { charset }),
    ...(map && { map }),
    ...(assigners && { assigners }),
  };
}

function count(summary: ConvertSummary, result: Normalized | Rejected): void {
  const add = (table: Record<string, number>, code: ErrorCode) => {
    table[code] = (table[code] ?? 0) + 1;
  };
  summary.items++;
  if (result.status === 'rejected') {
    summary.refused++;
    add(summary.refusals, result.code);
    return;
  }
  summary.bundles++;
  for (const issue of result.issues) add(summary.issues, issue.code);
}
