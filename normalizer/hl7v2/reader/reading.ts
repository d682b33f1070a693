/** What the reading of one message is told, and tells. */
import type { Delimiters } from './delimiters.ts';
import type { Value } from './value.ts';

/** What all values of one message share. */
export interface Reading {
  readonly delimiters: Delimiters;
  readonly hex: (bytes: Uint8Array) => string | undefined;
  /** The message holds no escape character and no control characters: every text stands as it is. */
  readonly plain: boolean;
  /** Who is told of what is read; set when a map opens the message. */
  listener: Listener;
  /** What is read now is only looked at: it counts as read where it also goes into a record. */
  silent: boolean;
  /** Gathers what is read; see `watch`. */
  watcher: Value[] | undefined;
}

/** Runs the work. @returns what it gave, and the values that it read */
export function watchReading<T>(
  reading: Reading,
  work: () => T,
): { readonly made: T; readonly read: readonly Value[] } {
  const outer = reading.watcher;
  const read: Value[] = [];
  reading.watcher = read;
  try {
    return { made: work(), read };
  } finally {
    reading.watcher = outer;
    outer?.push(...read);
  }
}

export interface Listener {
  /** Told of each place that is read; only where a trace is made. */
  readonly onRead: ((place: string) => void) | undefined;
  /** Told of each place whose text held control characters, which are left out: R4 strings hold none. */
  readonly onControl: (place: string) => void;
}

/** A part that was read: the numbers that lead to it, and how many leaves were read with it. */
export interface ReadMark {
  readonly path: readonly number[];
  readonly leaves: number;
}

export const NOBODY: Listener = { onRead: undefined, onControl: () => {} };

/** All but tab, line feed and carriage return (R4 §2.24.0.1, string). */
export const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
