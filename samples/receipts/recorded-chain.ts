/** A chain's answers on file: recorded once from a real node, given again to whoever asks the same. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** By method and parameters, as JSON text. */
export type Recorded = Record<string, unknown>;

interface Server {
  readonly url: string;
  close(): void;
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** Passes calls on to a node and keeps what it says. */
export async function startRecorder(node: string): Promise<Server & { recorded(): Recorded }> {
  const answers: Recorded = {};
  const server = await serve(async (call) => {
    const reply = await fetch(node, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(call),
    });
    const { result } = (await reply.json()) as { result: unknown };
    answers[keyOf(call)] = result;
    return result;
  });
  return { ...server, recorded: () => Object.fromEntries(Object.entries(answers).sort()) };
}

/** Knows nothing but what was recorded: everything else is an error of JSON-RPC. */
export function replay(recorded: Recorded): Promise<Server> {
  return serve(async (call) => recorded[keyOf(call)]);
}

function keyOf({ method, params = [] }: Call): string {
  return `${method} ${JSON.stringify(params)}`;
}

async function serve(answer: (call: Call) => Promise<unknown>): Promise<Server> {
  const server = createServer(async (request, response) => {
    const call = JSON.parse(await text(request)) as Call;
    const result = await answer(call);
    const reply = result === undefined ? { error: { code: -32601, message: 'not recorded' } } : { result };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...reply }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}
