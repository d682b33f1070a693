/** What the steps work with; made by `openBridge`, and by tests. */
import type { Anchorer } from '../../anchor/chain/anchorer.ts';
import type { PacketName } from '../../anchor/seal/key-packet.ts';
import type { SealPool } from '../../anchor/seal/pool.ts';
import type { Kubo } from '../../anchor/store/kubo.ts';
import type { CopyTarget } from '../../anchor/store/replica.ts';
import type { Journal } from '../../core/journal/index.ts';
import type { Keystore } from '../../core/keystore/keystore.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { Spool } from '../../core/spool/spool.ts';
import type { Log, ReadLimits } from '../../core/types.ts';
import type { HospitalContext, NormalizeContext, normalize } from '../../normalizer/index.ts';
import type { Sources } from '../sources.ts';

export interface StepDeps {
  readonly hospital: HospitalContext;
  readonly assigners: NormalizeContext['assigners'];
  readonly limits: ReadLimits;
  /** Where CAR files are kept. */
  readonly carFolder: string;
  /** Days that they are kept after finality; undefined: for ever. */
  readonly archiveDays?: number | undefined;
  readonly journal: Journal;
  readonly spool: Spool;
  readonly keystore: Keystore;
  readonly sealPool: SealPool;
  /** Kind of the key packets of new records. */
  readonly keyPacket: PacketName;
  readonly sources: Sources;
  readonly normalize: typeof normalize;
  readonly kubo: Kubo;
  /** Further places that get every batch; `required` counts the first node too. */
  readonly copies: { readonly targets: readonly CopyTarget[]; readonly required: number };
  readonly anchorer: Anchorer;
  /** Decimal string. */
  readonly chainId: string;
  /** Between two looks at anchors that are not yet final. */
  readonly anchorPollMs: number;
  /** Aborts when this process is about to stop: long watches end early. */
  readonly stopping: AbortSignal;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Wakes the anchor workflow. */
  requestAnchor(batch: string): Promise<void>;
}
