/** Two hospitals and a patient, each with the command line alone, on one chain and one IPFS node. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChainRpc } from '../../anchor/chain/rpc.ts';
import { AllianceSeat, admission } from '../../anchor/consent/alliance.ts';
import { type AllianceAddresses, deployAlliance } from '../../anchor/consent/deploy.ts';
import { MemoryAnchors } from '../../anchor/testing/anchor-table.ts';
import { fundedSigner } from '../../anchor/testing/anvil.ts';
import { madeProfile } from '../../anchor/testing/consenting.ts';
import { type CliEnd, runCli } from '../../test/testing/cli.ts';
import { ROOT } from '../../test/testing/demo.ts';
import { ensureNamespace, startHospital, type TestHospital } from '../../workflows/testing/hospital.ts';

const signal = AbortSignal.timeout(600_000);
const CHAIN_ID = '31337';
/** Published test keys of anvil. */
const SIGNERS = {
  a: '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  b: '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  /** Not admitted: a house that only re-encrypts. */
  c: '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
};
const SYSTEM = 'urn:oid:2.16.156.10011.1.13.990001';
let services: TestHospital;
let at: AllianceAddresses;
let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dhc-patient-'));
  services = await startHospital();
  const rpc = new ChainRpc(services.services.chain.rpc);
  const founder = fundedSigner(0);
  at = await deployAlliance(rpc, { signer: founder, members: [founder.address], threshold: 1 }, signal);
  const wait = { until: 'included', deadlineMs: 30_000, pollMs: 50 } as const;
  const sending = { rpc, chainId: CHAIN_ID, signer: founder, store: new MemoryAnchors(), finality: 2, wait };
  const seat = new AllianceSeat({ ...sending, registry: at.registry });
  for (const one of [1, 2] as const)
    await seat.support(admission(at.registry, fundedSigner(one).address, madeProfile()));
  for (const name of ['a', 'b', 'c'] as const) {
    await ensureNamespace(services.services.temporal.address, name);
    writeFileSync(file(`${name}.yaml`), config(name));
  }
}, 300_000);
afterAll(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function config(name: keyof typeof SIGNERS): string {
  const { temporal, kubo, chain } = services.services;
  const samples = JSON.stringify(join(ROOT, 'samples/hl7v2/files'));
  return `version: 1
hospital: { id: hospital-${name}, name: Hospital, timezone: Asia/Shanghai, patientSystem: "${SYSTEM}" }
data: data-${name}
keystore: { passphrase: "\${env:PASSPHRASE}" }
sealing: { keyPacket: umbral }
services:
  temporal: { address: "${temporal.address}", namespace: ${name} }
  kubo: { api: "${kubo.api}" }
  chain: { rpc: "${chain.rpc}", chainId: ${CHAIN_ID}, contract: "${at.index}", consent: "${at.consent}", signer: "\${env:SIGNER}" }
feeds:
  laboratory: { kind: hl7v2, folder: { path: ${samples}, include: [".hl7"], settleSeconds: 0 } }
`;
}

const hospital = (name: keyof typeof SIGNERS, args: string[], stdin?: string): Promise<CliEnd> =>
  runCli([...args, '--json'], {
    config: file(`${name}.yaml`),
    cwd: folder,
    env: { PASSPHRASE: 'a passphrase for tests', SIGNER: SIGNERS[name] },
    seconds: 120,
    ...(stdin && { stdin }),
  });
const patient = (...args: string[]) => runCli(['patient', ...args, '--json'], { cwd: folder, seconds: 60 });
const done = ({ code, stdout, stderr }: CliEnd) => {
  expect({ code, stderr, failed: code === 0 ? '' : stdout }).toEqual({
    code: 0,
    stderr: expect.not.stringContaining('error'),
    failed: '',
  });
  return JSON.parse(stdout);
};

it('custody, claim, find, open, offer, request, grant, deliver, open, revoke, readers', async () => {
  done(await hospital('a', ['run', 'laboratory']));
  const { patients } = done(await hospital('a', ['keys', 'list']));
  const most = Math.max(...patients.map((one: { records: number }) => one.records));
  expect(patients.every((one: { holder: string }) => one.holder === 'hospital')).toBe(true);

  done(await patient('init', file('keys.json'), '--request', file('claim.json')));
  const claim = ['keys', 'claim', '--keys', file('claim.json'), '--out', file('answer.json'), '--yes'];
  const person = `${SYSTEM}|${patientNumber()}`;
  expect((await hospital('a', claim.slice(0, -1), person)).code).toBe(2);
  const { changed, anchored } = done(await hospital('a', claim, person));
  expect([anchored, changed.records > 0, changed.records <= most]).toEqual([true, true, true]);
  done(await patient('accept', file('answer.json'), '--keys', file('keys.json')));

  const { kubo, chain } = services.services;
  const network = ['--keys', file('keys.json'), '--rpc', chain.rpc, '--kubo', kubo.api];
  const { records } = done(await patient('find', ...network));
  expect(records).toHaveLength(changed.records + 1);
  const opened = done(await patient('open', ...network, '--out', file('mine')));
  expect(new Set(opened.records.flatMap((one: { checks: object }) => Object.values(one.checks)))).toEqual(
    new Set(['pass']),
  );
  expect(readdirSync(file('mine')).filter((name) => name.endsWith('.receipt.json'))).toHaveLength(records.length);

  const now = done(await patient('current', ...network, '--out', file('current.json')));
  expect(now).toMatchObject({ records: records.length, unopened: 0 });
  const { entry } = JSON.parse(readFileSync(file('current.json'), 'utf8'));
  expect(entry.filter((one: { resource: fhir4.FhirResource }) => one.resource.resourceType === 'Patient')).toHaveLength(
    1,
  );

  const consent = ['--consent', at.consent];
  const kept = ['--private', file('kept.json')];
  done(await patient('offer', '0', ...network, ...consent, ...kept, '--out', file('offer.json')));
  const until = ['--purpose', 'treatment', '--until', '2099-01-01'];
  done(await hospital('b', ['share', 'request', file('offer.json'), ...until, '--out', file('request.json')]));
  done(await patient('grant', file('request.json'), ...network, ...consent, ...kept, '--out', file('grant.json')));
  done(await hospital('a', ['share', 'deliver', file('grant.json'), '--out', file('delivery.json')]));
  const shared = ['share', 'open', file('delivery.json'), '--index', at.index, '--out', file('shared')];
  expect(done(await hospital('b', shared)).records).toEqual([{ record: expect.any(String), status: 'pass' }]);
  const [bundle] = readdirSync(file('shared'));
  expect(readFileSync(join(file('shared'), bundle!), 'utf8')).toBe(
    readFileSync(join(file('mine'), 'hospital-a-0.json'), 'utf8'),
  );

  const { events } = done(await patient('readers', '--keys', file('keys.json'), '--rpc', chain.rpc, ...consent));
  expect(events.map((one: { what: string }) => one.what)).toEqual(['requested', 'granted', 'delivered']);
  const revoke = ['revoke', file('request.json'), '--keys', file('keys.json'), ...kept, ...consent];
  done(await patient(...revoke, '--chain-id', CHAIN_ID, '--out', file('revoke.json')));
  done(await hospital('b', ['share', 'submit', file('revoke.json')]));
  const refused = await hospital('a', ['share', 'deliver', file('grant.json'), '--out', file('again.json')]);
  expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([1, 'consent.revoked']);
  const { consents } = done(await hospital('a', ['share', 'list']));
  expect(consents).toMatchObject([{ role: 'holder', status: 'revoked', deliveries: 1, records: 1 }]);

  // Two of three proxies: A has one key fragment, C another; neither alone makes anything that B could open.
  const again = ['--private', file('kept-2.json')];
  done(await patient('offer', '0', ...network, ...consent, ...again, '--out', file('offer-2.json')));
  done(await hospital('b', ['share', 'request', file('offer-2.json'), ...until, '--out', file('request-2.json')]));
  const three = ['--proxies', '2-of-3', '--out', file('grant-2.json')];
  expect(
    (
      await patient(
        'grant',
        file('request-2.json'),
        ...network,
        ...consent,
        ...again,
        '--proxies',
        '3-of-2',
        '--out',
        'x',
      )
    ).code,
  ).toBe(2);
  const { files } = done(await patient('grant', file('request-2.json'), ...network, ...consent, ...again, ...three));
  expect(files).toEqual([1, 2, 3].map((n) => file(`grant-2-${n}.json`)));
  const fragmentsOf = (name: string) => JSON.parse(readFileSync(name, 'utf8')).umbral.keyFragment;
  expect(new Set(files.map(fragmentsOf)).size).toBe(3);
  const two = ['share', 'deliver', files[0]!, '--out', file('delivery-2.json')];
  const alone = await hospital('a', two);
  expect([alone.code, JSON.parse(alone.stdout).error.code]).toEqual([1, 'consent.terms']);
  done(await hospital('c', ['share', 'proxy', files[2]!, '--out', file('fragments-3.json')]));
  const early = await hospital('b', ['share', 'open', file('fragments-3.json'), '--out', file('early')]);
  expect([early.code, JSON.parse(early.stdout).error.code]).toEqual([1, 'consent.missing']);
  done(await hospital('a', [...two, file('fragments-3.json')]));
  done(await hospital('b', ['share', 'open', file('delivery-2.json'), '--out', file('shared-2')]));
  expect(readFileSync(join(file('shared-2'), bundle!), 'utf8')).toBe(
    readFileSync(join(file('shared'), bundle!), 'utf8'),
  );

  // Nothing that the patient or the hospital typed or wrote for others names the patient.
  for (const name of ['claim.json', 'answer.json', 'offer.json', 'request.json', 'grant.json', 'delivery.json'])
    expect(readFileSync(file(name), 'utf8')).not.toContain(patientNumber());
  const erased = await hospital('a', ['erase', '--yes'], person);
  expect(done(erased).erased).toMatchObject({ closed: records.length, anchored: records.length, pending: 0 });
}, 400_000);

/** The patient of the sample, by the number in the hospital's own system. */
function patientNumber(): string {
  const message = readFileSync(join(ROOT, 'samples/hl7v2/files/oru-ascii.hl7'), 'latin1');
  return /\rPID\|[^|]*\|[^|]*\|([^^|]+)/.exec(message)![1]!;
}
