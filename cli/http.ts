/** `/metrics` for Prometheus and `/health`, on loopback unless configured otherwise. */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Opened } from './open.ts';

export interface RunningHttp {
  readonly address: string;
  close(): Promise<void>;
}

export async function startHttp(
  { host, port }: { host: string; port: number },
  { bridge, services }: Opened,
): Promise<RunningHttp> {
  const app = new Hono();
  app.get('/metrics', async ({ body }) => {
    await bridge.status();
    return body(await bridge.metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4' });
  });
  app.get('/health', async ({ json }) => {
    const health = (await services?.health()) ?? [];
    return json({ v: 1, services: health }, health.every(({ status }) => status === 'ok') ? 200 : 503);
  });
  const server = serve({ fetch: app.fetch, hostname: host, port });
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port: actual } = server.address() as AddressInfo;
  return { address: `http://${host}:${actual}`, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
