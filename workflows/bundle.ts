/** The workflows as one file for Temporal's sandbox; made once for each content and kept, so that a start is quick. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const flows = fileURLToPath(new URL('./flows/', import.meta.url));
const sdk: { version: string } = createRequire(import.meta.url)('@temporalio/worker/package.json');

/**
 * @param cache folder that is made where it is missing
 * @returns path of the bundle
 */
export async function workflowBundle(cache: string): Promise<string> {
  const path = join(cache, `workflows-${await sourceDigest()}.js`);
  if (await exists(path)) return path;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(flows, 'index.ts'),
    failureConverterPath: join(flows, 'failure-converter.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  await mkdir(cache, { recursive: true });
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, code);
  await rename(partial, path);
  return path;
}

/** Of all files that go into the bundle, and of the SDK that makes it. */
async function sourceDigest(): Promise<string> {
  const hash = createHash('sha256').update(sdk.version);
  const names = (await readdir(flows)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).sort();
  for (const name of names) hash.update(`\0${name}\0`).update(await readFile(join(flows, name)));
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
