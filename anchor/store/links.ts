/** Everything that hangs below a pinned root, level by level: each block is asked for once in each of its roles. */
import { parseCid, RAW } from './cid.ts';
import { decodeCapsuleSet, decodeManifest, decodeParts } from './manifest.ts';
import { fileLinks } from './verified-file.ts';

/** What a pinned root is: a batch's manifest, or the set of a patient's later key packets. */
export type RootRole = 'manifest' | 'capsules';
type Role = RootRole | 'file' | 'capsule' | 'parts';

interface Step {
  readonly cid: string;
  readonly role: Role;
}

/**
 * Visits the root, then what it links to, and so on; memory is the CIDs of one level.
 * @param visit gives the block's bytes, believed, or undefined when what hangs below cannot be known
 * @param width blocks that are visited at the same time
 * @throws BridgeError `store.mismatch` when believed bytes are not what they should be
 */
export async function visitBatch(
  root: string,
  width: number,
  visit: (cid: string) => Promise<Uint8Array | undefined>,
  role: RootRole = 'manifest',
): Promise<void> {
  let level: Step[] = [{ cid: root, role }];
  while (level.length > 0) {
    const below: Step[] = [];
    await inParallel(level, width, async (step) => {
      const bytes = await visit(step.cid);
      if (bytes !== undefined) for (const link of linksOf(step, bytes)) below.push(link);
    });
    level = below;
  }
}

function linksOf({ cid, role }: Step, bytes: Uint8Array): Step[] {
  switch (role) {
    case 'manifest':
      return decodeManifest(bytes).records.flatMap(({ contentCid, capsuleCid, partsCid }) => [
        { cid: contentCid, role: 'file' } as const,
        { cid: capsuleCid, role: 'capsule' } as const,
        ...(partsCid === undefined ? [] : [{ cid: partsCid, role: 'parts' } as const]),
      ]);
    case 'capsules':
      return decodeCapsuleSet(bytes).map((capsule) => ({ cid: capsule, role: 'capsule' }));
    case 'parts':
      return decodeParts(bytes).map((part) => ({ cid: part.cid, role: 'file' }));
    case 'file': {
      const own = parseCid(cid);
      if (own.code === RAW) return [];
      return fileLinks(own, bytes).map((link) => ({ cid: link.toString(), role: 'file' }));
    }
    case 'capsule':
      return [];
  }
}

/** The first error ends it; calls under way are not waited for. */
async function inParallel<T>(all: readonly T[], width: number, work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < all.length) await work(all[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(width, all.length) }, lane));
}
