/** How a person takes over the own records from a hospital that had them in custody. */
import { concat, fromHex, toHex, utf8 } from './bytes.ts';
import * as hpke from './hpke.ts';
import { addressOf, allKeys, type KeyFile, type KnownHospital, personKeys, signText } from './keys.ts';
import { CannotOpen } from './refusal.ts';

export interface ClaimRequest {
  readonly format: 'dhc-claim-request/1';
  readonly x25519Public: string;
  readonly umbralPublic: string;
  readonly account: string;
  readonly signature: string;
}

/** Sealed to the request's key by the hospital. */
export interface ClaimAnswer {
  readonly format: 'dhc-claim-answer/1';
  readonly enc: string;
  readonly ct: string;
}

/** For the hospital; holds public keys only. */
export function claimRequest(file: KeyFile): ClaimRequest {
  const keys = personKeys(fromHex(file.secrets[0]!));
  const [x25519Public, umbralPublic] = [toHex(keys.x25519Public), toHex(keys.umbralPublic)];
  const text = `DHC claim 1\nx25519 ${x25519Public}\numbral ${umbralPublic}`;
  const signature = `0x${toHex(signText(keys.account, text))}`;
  return { format: 'dhc-claim-request/1', x25519Public, umbralPublic, account: addressOf(keys.account), signature };
}

/** The key file with the hospital of the answer in it. @throws CannotOpen */
export async function acceptClaim(file: KeyFile, answer: ClaimAnswer): Promise<KeyFile> {
  const box = { enc: fromHex(answer.enc), ct: fromHex(answer.ct) };
  for (const { x25519Private } of allKeys(file)) {
    const text = await hpke.open(x25519Private, utf8('dhc-claim-answer/1'), concat(), box).catch(() => undefined);
    if (!text) continue;
    const known = JSON.parse(new TextDecoder().decode(text)) as KnownHospital;
    const others = file.hospitals.filter((one) => one.hospital !== known.hospital || one.indexKey !== known.indexKey);
    return { ...file, hospitals: [...others, known] };
  }
  throw new CannotOpen();
}
