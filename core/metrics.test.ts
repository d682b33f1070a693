import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('serves its counts in the Prometheus text form', async () => {
  const metrics = createMetrics();
  metrics.records('lab', 'normalize', 'ok', 3);
  metrics.records('lab', 'normalize', 'ok', 2);
  metrics.seconds('seal', 0.2);
  metrics.anchors({ submitted: 2, final: 1 });
  metrics.anchors({ final: 3 });
  const text = await metrics.text();
  expect(text).toContain('dhc_records_total{feed="lab",stage="normalize",outcome="ok"} 5');
  expect(text).toContain('dhc_stage_seconds_bucket{le="0.5",stage="seal"} 1');
  expect(text).toContain('dhc_anchors{status="final"} 3');
  expect(text).not.toContain('submitted');
});

it('keeps two bridges of one process apart', async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  one.bytes('lab', 'read', 10);
  expect(await two.text()).not.toContain('feed="lab"');
});
