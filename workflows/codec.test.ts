import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { MAX_PAYLOAD, payloadCodec } from './codec.ts';

const codec = payloadCodec(new Uint8Array(32).fill(7));
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value)!;

it('gives back what it encrypted and shows nothing of it', async () => {
  const [sealed] = await codec.encode([payload({ batch: 'lab-1' })]);
  expect(Buffer.from(sealed!.data!).includes('lab-1')).toBe(false);
  const [opened] = await codec.decode([sealed!]);
  expect(defaultPayloadConverter.fromPayload(opened!)).toEqual({ batch: 'lab-1' });
});

it('refuses a payload that is no reference', async () => {
  const small = payload('x'.repeat(MAX_PAYLOAD - 1024));
  await expect(codec.encode([small])).resolves.toHaveLength(1);
  await expect(codec.encode([payload('x'.repeat(MAX_PAYLOAD))])).rejects.toThrow(/only carry references/);
});

it('refuses changed bytes and another key', async () => {
  const [sealed] = await codec.encode([payload('lab-1')]);
  const changed = Buffer.from(sealed!.data!);
  changed[changed.length - 1]! ^= 1;
  await expect(codec.decode([{ ...sealed, data: changed }])).rejects.toThrow();
  await expect(payloadCodec(new Uint8Array(32)).decode([sealed!])).rejects.toThrow();
});
