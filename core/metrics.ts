/** Counters of the bridge in Prometheus form. Labels are closed: feed names and words of ours, never ids. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Stage } from './codes.ts';
import type { AnchorStatus } from './types.ts';

export type RecordOutcome = 'ok' | 'issues' | 'duplicate' | 'dead-letter';

export interface Metrics {
  readonly contentType: string;
  records(feed: string, stage: Stage, outcome: RecordOutcome, count: number): void;
  bytes(feed: string, stage: Stage, bytes: number): void;
  seconds(stage: Stage, seconds: number): void;
  deadLetters(feed: string, open: number): void;
  anchors(counts: Readonly<Partial<Record<AnchorStatus, number>>>): void;
  journalBytes(bytes: number): void;
  /** The text that `/metrics` serves. */
  text(): Promise<string>;
}

/** A registry of its own for each call, so that two bridges in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const records = new Counter({
    name: 'dhc_records_total',
    help: 'Items that passed a stage, by outcome',
    labelNames: ['feed', 'stage', 'outcome'],
    registers,
  });
  const bytes = new Counter({
    name: 'dhc_bytes_total',
    help: 'Bytes that passed a stage',
    labelNames: ['feed', 'stage'],
    registers,
  });
  const seconds = new Histogram({
    name: 'dhc_stage_seconds',
    help: 'Time of one step on one batch',
    labelNames: ['stage'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300],
    registers,
  });
  const letters = new Gauge({ name: 'dhc_dead_letters', help: 'Open dead letters', labelNames: ['feed'], registers });
  const anchors = new Gauge({
    name: 'dhc_anchors',
    help: 'Batches by anchor status',
    labelNames: ['status'],
    registers,
  });
  const journal = new Gauge({ name: 'dhc_journal_bytes', help: 'Size of the journal', registers });
  return {
    contentType: registry.contentType,
    records: (feed, stage, outcome, count) => records.inc({ feed, stage, outcome }, count),
    bytes: (feed, stage, count) => bytes.inc({ feed, stage }, count),
    seconds: (stage, value) => seconds.observe({ stage }, value),
    deadLetters: (feed, open) => letters.set({ feed }, open),
    anchors: (counts) => {
      anchors.reset();
      for (const [status, count] of Object.entries(counts)) anchors.set({ status }, count);
    },
    journalBytes: (size) => journal.set(size),
    text: () => registry.metrics(),
  };
}
