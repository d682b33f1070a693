import { expect, it } from 'vitest';
import { createLog } from './log.ts';
import type { LogFields } from './types.ts';

function lines(level: 'info' | 'warn' = 'info') {
  const out: string[] = [];
  return { out, log: createLog({ level, stream: { write: (line) => void out.push(line) } }) };
}

it('writes one JSON line with the event and its fields', () => {
  const { out, log } = lines();
  log.info('batch stored', { feed: 'lab', batch: 'lab-1', count: 250, address: 'mllp://127.0.0.1:2575' });
  expect(JSON.parse(out[0]!)).toMatchObject({ msg: 'batch stored', feed: 'lab', batch: 'lab-1', count: 250 });
  expect(JSON.parse(out[0]!).address).toBe('mllp://127.0.0.1:2575');
});

it('drops unknown fields and withholds values out of form', () => {
  const { out, log } = lines();
  const fields = {
    feed: '张伟',
    item: 'CG100001',
    patient: '张伟',
    status: 'O\u0027Neill^Mary',
    address: 'http://h/p?mrn=1',
  };
  log.warn('batch stored', fields as LogFields);
  log.error('MRN 990101197803120018 not found');
  const text = out.join('');
  for (const canary of ['张伟', 'CG100001', 'Neill', 'mrn', '990101']) expect(text).not.toContain(canary);
  expect(JSON.parse(out[0]!)).toMatchObject({ feed: '(withheld)', item: '(withheld)', msg: 'batch stored' });
});

it('says only what its level asks for', () => {
  const { out, log } = lines('warn');
  log.info('batch stored');
  log.warn('source unreachable', { code: 'source.unreachable' });
  expect(out).toHaveLength(1);
});
