/** The example page in a real browser, against a real chain and a real IPFS node. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kuboBinary } from '../../anchor/testing/kubo.ts';
import { startPerson, type TestPerson } from '../testing/person.ts';

const BROWSER = '/usr/bin/chromium';

describe.skipIf(!existsSync(BROWSER) || !kuboBinary)('the example page', () => {
  let folder: string;
  let person: TestPerson;
  let blocks: Server;
  let page: PreviewServer;
  let browser: Browser;
  const address = (server: { address(): unknown }) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dhc-page-'));
    person = await startPerson();
    // A trustless gateway: `GET /ipfs/<cid>?format=raw`.
    blocks = createServer(async (request, response) => {
      const cid = new URL(request.url!, 'http://x').pathname.split('/')[2]!;
      const bytes = await person.kubo.blockGet(cid).catch(() => undefined);
      response.writeHead(bytes ? 200 : 404, { 'access-control-allow-origin': '*' }).end(bytes);
    });
    await new Promise<void>((resolve) => blocks.listen(0, '127.0.0.1', resolve));
    const root = fileURLToPath(new URL('.', import.meta.url));
    const built = {
      root,
      configFile: false as const,
      logLevel: 'error' as const,
      build: { outDir: folder, emptyOutDir: false },
    };
    await build(built);
    page = await preview({ ...built, preview: { port: 0, host: '127.0.0.1' } });
    const switches = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    const quiet = ['--disable-background-networking', '--disable-component-update'];
    browser = await chromium.launch({ executablePath: BROWSER, headless: true, args: [...switches, ...quiet] });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await page?.close();
    blocks?.close();
    await person?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds, verifies and shows the records of a key file, and asks nobody else', async () => {
    const keys = join(folder, 'keys.json');
    await writeFile(keys, JSON.stringify(person.keyFile));
    const tab = await browser.newPage();
    const asked = new Set<string>();
    tab.on('request', (request) => asked.add(new URL(request.url()).origin));
    const errors: string[] = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    await tab.goto(page.resolvedUrls!.local[0]!);
    await tab.setInputFiles('#keys', keys);
    await tab.fill('#chain', person.chainUrl);
    await tab.fill('#store', address(blocks));
    await tab.click('button');
    await tab.waitForFunction(`document.getElementById('status').textContent !== ''`);
    expect(errors).toEqual([]);
    expect(await tab.textContent('#status')).toBe(`${person.own} records found`);
    expect(await tab.locator('strong.pass').count()).toBe(person.own);
    expect(await tab.locator('pre').first().textContent()).toContain('"resourceType":"Bundle"');
    expect([...asked].sort()).toEqual(
      [new URL(page.resolvedUrls!.local[0]!).origin, person.chainUrl, address(blocks)].sort(),
    );
  });
});
