/** First steps of `check` for a server by address: name, port, certificate. */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { BridgeError } from '../../core/errors.ts';
import type { CheckStep } from '../../core/types.ts';

const TIMEOUT_MS = 5_000;

/** Never throws; stops at the first step that fails. */
export async function reachSteps(baseUrl: string, signal: AbortSignal): Promise<CheckStep[]> {
  const url = new URL(baseUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const steps: CheckStep[] = [];
  const attempts: [string, () => Promise<string>][] = [
    ['dns', () => resolveName(host)],
    ['tcp', () => opens('connect', signal, () => connect({ host, port }), `${host}:${port} accepts connections`)],
    ['tls', () => (url.protocol === 'https:' ? handshake(host, port, signal) : Promise.resolve(''))],
  ];
  for (const [name, attempt] of attempts) {
    steps.push(await step(name, attempt));
    if (steps.at(-1)!.status === 'fail') break;
  }
  return steps;
}

/** A step that passes with the attempt's text, is skipped when that is empty and fails with a text of ours. */
export async function step(name: string, attempt: () => Promise<string>): Promise<CheckStep> {
  try {
    const detail = await attempt();
    return detail ? { name, status: 'pass', detail } : { name, status: 'skip', detail: 'not used by this address' };
  } catch (error) {
    // Of foreign errors only the system's code is shown: their texts may quote anything.
    const { code } = error as NodeJS.ErrnoException;
    const detail = error instanceof BridgeError ? error.message : `failed (${code ?? 'no answer'})`;
    return { name, status: 'fail', detail };
  }
}

async function resolveName(host: string): Promise<string> {
  if (isIP(host)) return `${host} is an address`;
  return `${host} is ${(await lookup(host)).address}`;
}

function handshake(host: string, port: number, signal: AbortSignal): Promise<string> {
  const open = () => tlsConnect({ host, port, servername: isIP(host) ? undefined : host });
  return opens('secureConnect', signal, open, 'the certificate is valid');
}

function opens(
  event: string,
  signal: AbortSignal,
  open: () => import('node:net').Socket,
  good: string,
): Promise<string> {
  return new Promise((done, fail) => {
    const socket = open();
    const settle = (error: Error | null) => {
      socket.destroy();
      if (error) fail(error);
      else done(good);
    };
    socket.setTimeout(TIMEOUT_MS, () => settle(new BridgeError('source.unreachable', 'no answer in 5 s')));
    socket.once('error', settle);
    socket.once(event, () => settle(null));
    signal.addEventListener('abort', () => settle(new BridgeError('source.unreachable', 'stopped')), { once: true });
  });
}
