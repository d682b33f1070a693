import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeystore, openKeystore } from './keystore.ts';
import { pkcs11Wrap } from './pkcs11-wrap.ts';
import { vaultWrap } from './vault-wrap.ts';

const LIBRARY = '/usr/lib/softhsm/libsofthsm2.so';
const code = (expected: string) => expect.objectContaining({ name: 'BridgeError', code: expected });
const folder = mkdtempSync(join(tmpdir(), 'dhc-wrap-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = () => join(folder, `${count++}`, 'keystore.json');

describe.skipIf(!existsSync(LIBRARY) || !existsSync('/usr/bin/softhsm2-util'))('a PKCS#11 token (SoftHSM2)', () => {
  const token = { library: LIBRARY, token: 'hospital', key: 'dhc-master', pin: '1234' };

  beforeAll(() => {
    mkdirSync(join(folder, 'tokens'));
    writeFileSync(
      join(folder, 'softhsm2.conf'),
      `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`,
    );
    process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf');
    for (const label of ['hospital', 'other'])
      execFileSync('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', '1234', '--so-pin', '5678']);
  });

  it('opens the keystore with token and passphrase, and gives the same keys again', async () => {
    const path = newPath();
    const made = await createKeystore(path, 'x', pkcs11Wrap(token));
    const before = Buffer.from(made.hospitalKey('dhc/digest/1'));
    made.close();
    const again = await openKeystore(path, 'x', pkcs11Wrap(token));
    expect(before.equals(again.hospitalKey('dhc/digest/1'))).toBe(true);
    again.close();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version: 2, wrap: 'pkcs11:dhc-master' });
    await expect(openKeystore(path, 'wrong', pkcs11Wrap(token))).rejects.toEqual(code('keystore.locked'));
    await expect(openKeystore(path, 'x')).rejects.toEqual(code('keystore.locked'));
  });

  it('stays closed without the right token, key, PIN or library, and after any changed byte', async () => {
    const path = newPath();
    (await createKeystore(path, 'x', pkcs11Wrap(token))).close();
    for (const change of [{ token: 'other' }, { token: 'none' }, { pin: '9999' }, { key: 'another' }])
      await expect(openKeystore(path, 'x', pkcs11Wrap({ ...token, ...change }))).rejects.toEqual(
        code('keystore.locked'),
      );
    const none = pkcs11Wrap({ ...token, library: '/nowhere.so' });
    await expect(openKeystore(path, 'x', none)).rejects.toEqual(code('service.unreachable'));
    const wrap = pkcs11Wrap(token);
    const wrapped = await wrap.wrap(Buffer.alloc(32, 5));
    expect(Buffer.from(await wrap.unwrap(wrapped))).toEqual(Buffer.alloc(32, 5));
    for (let at = 0; at < wrapped.length; at += 5) {
      const changed = Buffer.from(wrapped);
      changed[at]! ^= 1;
      await expect(wrap.unwrap(changed)).rejects.toEqual(code('keystore.locked'));
    }
  });
});

/** Not Vault: a small server with the two endpoints' form, for what we send and how we take answers. */
describe('Vault transit', () => {
  let server: Server;
  let status = 200;
  let garbage = false;
  const key = randomBytes(32);
  const seen: string[] = [];
  beforeEach(async () => {
    [status, garbage] = [200, false];
    server = createServer(async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      seen.push(`${request.method} ${request.url} ${request.headers['x-vault-token']}`);
      const refused = request.headers['x-vault-token'] === 'good' ? status : 403;
      if (refused !== 200) return void response.writeHead(refused).end('{"errors":["secret words"]}');
      const body = JSON.parse(Buffer.concat(chunks).toString());
      response.end(garbage ? '{"data":{}}' : JSON.stringify({ data: transit(body) }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => server.close());

  function transit({ plaintext, ciphertext }: { plaintext?: string; ciphertext?: string }) {
    if (plaintext !== undefined) {
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12, 1));
      const box = Buffer.concat([cipher.update(Buffer.from(plaintext, 'base64')), cipher.final()]);
      return { ciphertext: `vault:v1:${box.toString('base64')}` };
    }
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12, 1));
    return { plaintext: decipher.update(Buffer.from(ciphertext!.split(':')[2]!, 'base64')).toString('base64') };
  }

  const wrap = (token = 'good') =>
    vaultWrap({
      address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      mount: 'transit',
      key: 'k',
      token,
    });

  it('wraps and unwraps by the documented calls', async () => {
    const path = newPath();
    const made = await createKeystore(path, 'x', wrap());
    const before = Buffer.from(made.hospitalKey('dhc/digest/1'));
    made.close();
    const again = await openKeystore(path, 'x', wrap());
    expect(before.equals(again.hospitalKey('dhc/digest/1'))).toBe(true);
    again.close();
    expect(seen).toEqual(['POST /v1/transit/encrypt/k good', 'POST /v1/transit/decrypt/k good']);
  });

  it('a refusal, an outage and nonsense are told apart, without the words of the server', async () => {
    await expect(wrap('bad').wrap(Buffer.alloc(32))).rejects.toMatchObject({
      code: 'keystore.locked',
      message: expect.not.stringContaining('secret words'),
    });
    status = 503;
    await expect(wrap().wrap(Buffer.alloc(32))).rejects.toEqual(code('service.unreachable'));
    [status, garbage] = [200, true];
    await expect(wrap().wrap(Buffer.alloc(32))).rejects.toEqual(code('keystore.locked'));
    await expect(wrap().unwrap(Buffer.from('vault:v1:x'))).rejects.toEqual(code('keystore.locked'));
    const gone = vaultWrap({ address: 'http://127.0.0.1:1', mount: 'transit', key: 'k', token: 'good' });
    await expect(gone.wrap(Buffer.alloc(32))).rejects.toEqual(code('service.unreachable'));
  });
});
