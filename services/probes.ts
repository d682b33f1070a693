/** One question to each kind of service, embedded or configured: does it serve? */
import { Connection } from '@temporalio/client';
import { BridgeError } from '../core/errors.ts';

const TIMEOUT_MS = 3_000;

/** The namespace answers over gRPC. */
export async function probeTemporal(address: string, namespace: string): Promise<void> {
  const connection = Connection.lazy({ address, connectTimeout: TIMEOUT_MS });
  try {
    await connection.withDeadline(Date.now() + TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    throw new BridgeError('service.unreachable', `Temporal does not answer at ${address} for namespace ${namespace}`, {
      cause: error,
    });
  } finally {
    await connection.close().catch(() => {});
  }
}

/** @param api base URL of the RPC, such as `http://127.0.0.1:5001` */
export async function probeKubo(api: string): Promise<void> {
  try {
    const response = await fetch(new URL('/api/v0/version', api), {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.json()) as { Version?: unknown };
    if (!response.ok || typeof answer.Version !== 'string') throw new Error('not Kubo');
  } catch (error) {
    throw new BridgeError('service.unreachable', `Kubo does not answer at ${api}`, { cause: error });
  }
}

/** @returns the chain id that the RPC serves */
export async function probeChain(rpc: string): Promise<number> {
  try {
    const [chainId] = await callChain(rpc, [['eth_chainId']], TIMEOUT_MS);
    return Number(BigInt(chainId as string));
  } catch (error) {
    throw new BridgeError('service.unreachable', `no EVM chain answers at ${rpc}`, { cause: error });
  }
}

/** JSON-RPC 2.0, all calls in one batch. Results in the order of the calls; an error of any one is thrown. */
export async function callChain(
  rpc: string,
  calls: readonly (readonly [method: string, ...params: unknown[]])[],
  timeoutMs: number,
): Promise<unknown[]> {
  const response = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(calls.map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params }))),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answers = (await response.json()) as { id: number; result?: unknown; error?: unknown }[];
  return calls.map((_, id) => {
    const answer = answers.find((one) => one.id === id);
    if (!answer || answer.error !== undefined) throw new BridgeError('service.failed', 'the chain refused a call');
    return answer.result;
  });
}
