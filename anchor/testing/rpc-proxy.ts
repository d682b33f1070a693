/** Stands between us and a chain, and loses requests or answers as told. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `lose-request`: the chain never hears of it; `lose-answer`: it does, and we do not hear back. */
export type Fault = 'none' | 'lose-request' | 'lose-answer';

export interface RpcProxy {
  readonly url: string;
  close(): void;
}

export async function startRpcProxy(target: string, fault: (method: string) => Fault): Promise<RpcProxy> {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    const kind = fault((JSON.parse(body.toString('utf8')) as { method: string }).method);
    if (kind === 'lose-request') return void response.destroy();
    const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const text = await answer.text();
    if (kind === 'lose-answer') return void response.destroy();
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
