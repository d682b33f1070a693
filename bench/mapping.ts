/**
 * `node bench/mapping.ts [rows]`: rows a second of the shipped LIS map on one core, with dirty rows. The map step is
 * reading, mapping and the canonical bundle; the whole is that with the gate, as the street runs it.
 */
import { canonicalJson } from '../core/json.ts';
import { Draft } from '../normalizer/draft.ts';
import { draw } from '../normalizer/mapping/execute.ts';
import { runMap, standardMap } from '../normalizer/mapping/index.ts';
import { table } from '../normalizer/mapping/sources/json.ts';
import { lisItem } from '../normalizer/mapping/testing/lis-rows.ts';

const rows = Number(process.argv[2] ?? 100_000);
const map = standardMap('table/lis', { table });
const context = {
  hospital: {
    id: 'bench',
    name: 'bench',
    timezone: 'Asia/Shanghai',
    patientSystem: 'urn:oid:2.16.156.10011.1.13.990001',
  },
  feed: 'lis',
  receivedAt: '2026-01-01T00:00:00Z',
};
const BLOCK = 1000;
const megabytes = () => Math.round(process.memoryUsage().heapUsed / 1_048_576);

function measure(name: string, step: (bytes: Uint8Array) => boolean): void {
  for (let row = 0; row < 3000; row += 1) step(lisItem(row));
  let [made, refused, most, used] = [0, 0, 0, 0];
  // The items of a block are made before its time is taken. CPU time, since other work may run beside.
  for (let start = 0; start < rows; start += BLOCK) {
    const items = Array.from({ length: Math.min(BLOCK, rows - start) }, (_, index) => lisItem(start + index));
    const before = process.cpuUsage();
    for (const bytes of items) {
      if (step(bytes)) made += 1;
      else refused += 1;
    }
    const { user, system } = process.cpuUsage(before);
    used += (user + system) / 1e6;
    most = Math.max(most, megabytes());
  }
  process.stdout.write(
    `${name}: ${Math.round(rows / used)} rows per CPU second (${made} bundles, ${refused} refused of ${rows}; heap at most ${most} MB)\n`,
  );
}

measure('map and canonical bundle', (bytes) => {
  const draft = new Draft(context, map.mapping);
  const end = draw(map, { kind: 'table', sourceKey: 'bench', bytes }, context, draft);
  if ('status' in end) return false;
  return canonicalJson(draft.compose(end)).length > 0;
});
measure(
  'with the gate',
  (bytes) => runMap(map, { kind: 'table', sourceKey: 'bench', bytes }, context).status !== 'rejected',
);
