import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { choosePorts } from './ports.ts';
import { testFolder } from './testing/fixtures.ts';

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(port, '127.0.0.1', () => resolve(server));
    onTestFinished(() => void server.close());
  });
}

test('ports differ from each other and are the same again after a restart', async () => {
  const folder = testFolder();
  const wanted = { temporal: undefined, 'kubo-api': undefined, 'kubo-gateway': undefined, chain: undefined };
  const first = await choosePorts(folder, wanted);
  expect(new Set(Object.values(first)).size).toBe(4);
  expect(await choosePorts(folder, wanted)).toEqual(first);
});

test('a remembered port that is taken is replaced, and the others stay', async () => {
  const folder = testFolder();
  const first = await choosePorts(folder, { temporal: undefined, chain: undefined });
  await occupy(first.chain!);
  const second = await choosePorts(folder, { temporal: undefined, chain: undefined });
  expect(second.temporal).toBe(first.temporal);
  expect(second.chain).not.toBe(first.chain);
});

test('a configured port that is taken is refused', async () => {
  const folder = testFolder();
  const { chain } = await choosePorts(folder, { chain: undefined });
  await occupy(chain!);
  await expect(choosePorts(folder, { chain })).rejects.toMatchObject({ code: 'service.port-taken' });
});
