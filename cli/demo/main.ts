/**
 * `npm run demo`: the main job on real input. Starts the sample hospital and a bridge, reads every feed, anchors it,
 * verifies each record from chain, IPFS and key, and exits 0 only if all of that held. A demo that was killed goes
 * on where it stood; one that ended begins anew.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { sendMllp } from '../../connectors/hl7v2/client.ts';
import { configSchemas } from '../../connectors/index.ts';
import { loadConfig } from '../../core/config/load.ts';
import { type Opened, open } from '../open.ts';
import { createOutput, exit, fail, type Output, table } from '../output.ts';
import { receipts, type Verified, verifyAll } from '../verify.ts';
import { type Hospital, startHospital } from './hospital.ts';

const folder = resolve(process.env.DHC_DEMO_DIR ?? join(import.meta.dirname, '..', '..', '.dhc', 'demo'));
const finished = join(folder, 'finished');
const out = createOutput(process.argv.includes('--json'));
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => (abort.signal.aborted ? process.exit(exit.interrupted) : abort.abort()));

try {
  process.exitCode = await demo(abort.signal);
} catch (error) {
  out.done();
  process.exitCode = abort.signal.aborted ? exit.interrupted : fail(error, out.json);
}

async function demo(signal: AbortSignal): Promise<number> {
  const begun = Date.now();
  if (existsSync(finished)) rmSync(folder, { recursive: true, force: true });
  else if (existsSync(folder)) out.note('an earlier demo was stopped; this one goes on where it stood');
  const hospital = await startHospital(folder);
  out.note(hospital.imaging);
  const config = loadConfig(hospital.configFile, configSchemas);
  const opened = await open(config, 'worker', (line) => out.note(line));
  try {
    await readAll(opened, hospital, Object.keys(config.feeds), signal);
    const verified = await verifyEach(opened, signal);
    const code = await report(opened, hospital.refusals(), verified, begun);
    if (code === exit.ok) writeFileSync(finished, `${new Date().toISOString()}\n`);
    return code;
  } finally {
    await opened.close();
    await hospital.close();
  }
}

/** Pushes the admissions over MLLP, reads all other feeds, waits until everything is final. */
async function readAll(
  { bridge }: Opened,
  hospital: Hospital,
  feeds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await bridge.startListeners();
  const answers = await sendMllp(hospital.mllp.host, hospital.mllp.port, hospital.messages());
  out.note(
    `${answers.length} messages sent over MLLP, ${answers.filter(({ code }) => code === 'AA').length} acknowledged after the durable write`,
  );
  await Promise.all(
    feeds.map((feed) =>
      bridge.runFeed(feed, {
        signal,
        onProgress: ({ phase, read, stored }) =>
          out.progress(`${feed} ${phase}`, `${feed}: ${phase}, ${read} read, ${stored} stored`),
      }),
    ),
  );
  await bridge.waitAnchored({
    signal,
    onProgress: (left) => out.progress('anchoring', `waiting until ${left} batches are final on the chain`),
  });
  signal.throwIfAborted();
}

async function verifyEach({ bridge }: Opened, signal: AbortSignal): Promise<Verified[]> {
  const verified: Verified[] = [];
  for await (const one of verifyAll(bridge, receipts(bridge), signal)) {
    verified.push(one);
    out.progress('verifying', `verifying from chain, IPFS and key: ${verified.length} records`);
  }
  return verified;
}

async function report(
  { bridge }: Opened,
  refusals: Record<string, number>,
  verified: readonly Verified[],
  begun: number,
): Promise<number> {
  const accounts = await bridge.journal.accounting();
  const rows = accounts.map((account) => {
    const proved = verified.filter(({ feed, verdict }) => feed === account.feed && verdict.status === 'pass').length;
    // Not only the sum: what the samples' expected results accept has to be normalised, final and verified.
    const right =
      account.holds &&
      account.pending === 0 &&
      account.deadLettered === refusals[account.feed] &&
      account.final === account.normalized &&
      proved === account.normalized;
    return { ...account, verified: proved, right };
  });
  const ok =
    rows.length > 0 &&
    rows.every(({ right }) => right) &&
    verified.length > 0 &&
    verified.every(({ verdict }) => verdict.status === 'pass');
  const cells = rows.map((row) => [
    row.feed,
    row.read,
    row.normalized,
    row.deadLettered,
    row.stored,
    row.final,
    row.verified,
    row.right ? 'ok' : 'WRONG',
  ]);
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  out.result(
    { ok, feeds: rows },
    `\n${table(['feed', 'read', 'normalised', 'dead letters', 'stored', 'final', 'verified', ''], cells)}`,
  );
  describeFailures(out, verified);
  out.note(
    ok
      ? `every record was verified from chain, IPFS and key alone, in ${seconds} s`
      : 'error: not everything was verified',
  );
  out.note(
    ok
      ? `the dead letters are samples that must be refused: npx dhc dead-letter list --config ${relative('.', join(folder, 'bridge.yaml'))}`
      : 'hint: see the rows above, and the log in the data folder',
  );
  return ok ? exit.ok : exit.unverified;
}

function describeFailures(to: Output, verified: readonly Verified[]): void {
  for (const { item, feed, verdict } of verified) {
    for (const { name, status, detail } of verdict.checks)
      if (status !== 'pass') to.note(`${feed} ${item}: ${name} ${status}, ${detail}`);
  }
}
