import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ChainRpc, RpcError } from './rpc.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(handler: RequestListener): Promise<ChainRpc> {
  server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new ChainRpc(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 150);
}

test.each<[string, RequestListener]>([
  ['silence', () => {}],
  ['an answer that never ends', (_request, response) => void response.write('{"result":"')],
  ['a proxy page', (_request, response) => void response.writeHead(502).end('<html>')],
  ['JSON that is no answer', (_request, response) => void response.end('[]')],
  ['null', (_request, response) => void response.end('null')],
  ['a connection that breaks', (_request, response) => void response.destroy()],
])('%s is unreachable', async (_name, handler) => {
  const rpc = await serve(handler);
  await expect(rpc.chainId()).rejects.toMatchObject({ code: 'chain.unreachable', kind: 'transient' });
});

test('an answer without measure is not read to its end, and whoever asked can ask for less', async () => {
  const chunk = Buffer.alloc(1 << 20, 0x20);
  const rpc = await serve((_request, response) => {
    const more = () => {
      while (response.write(chunk));
      response.once('drain', more);
    };
    more();
  });
  await expect(rpc.chainId()).rejects.toMatchObject({ name: 'RpcError', code: -32005 });
});

test('a caller who gives up is obeyed', async () => {
  const rpc = await serve(() => {});
  await expect(rpc.chainId(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test.each([
  [{ code: 3, message: 'execution reverted', data: '0x12' }, '0x12'],
  [{ code: -32000, message: 'x', data: { data: '0x34', message: 'y' } }, '0x34'],
  [{ code: -32000, message: 'x', data: 'Reverted' }, undefined],
  [{}, undefined],
])('what the node refuses keeps its revert data: %j', async (error, data) => {
  const rpc = await serve((_request, response) => void response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error })));
  const thrown = await rpc.chainId().catch((reason) => reason);
  expect(thrown).toBeInstanceOf(RpcError);
  expect(thrown.data).toBe(data);
});
