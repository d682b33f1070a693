/** Can the listener be had: is the port free, do the TLS files fit? Accepts nothing. */
import { createServer } from 'node:net';
import { asBridgeError } from '../../core/errors.ts';
import type { CheckStep } from '../../core/types.ts';
import type { MllpConfig } from './config.ts';
import { tlsContext } from './tls.ts';

export async function check(mllp: MllpConfig): Promise<CheckStep[]> {
  return [await portStep(mllp), await tlsStep(mllp)];
}

/** A taken port is no fault: it may be our own listener that runs. */
function portStep({ host, port }: MllpConfig): Promise<CheckStep> {
  return new Promise((resolve) => {
    const server = createServer();
    const done = (status: CheckStep['status'], detail: string) => resolve({ name: 'listen', status, detail });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done('skip', 'something listens there already, perhaps this bridge');
      else if (error.code === 'EACCES') done('fail', 'this user may not listen on that port');
      else done('fail', 'no listener is possible on that address');
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => done('pass', 'the port can be had')));
  });
}

async function tlsStep({ tls }: MllpConfig): Promise<CheckStep> {
  if (!tls) return { name: 'tls', status: 'skip', detail: 'not configured' };
  try {
    await tlsContext(tls);
    return { name: 'tls', status: 'pass', detail: 'certificate and key belong together' };
  } catch (error) {
    return {
      name: 'tls',
      status: 'fail',
      detail: asBridgeError(error, 'config.invalid', 'the TLS files do not fit').message,
    };
  }
}
