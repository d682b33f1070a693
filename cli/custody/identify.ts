/** Which patient is meant. Identifiers come by stdin, never by argument: arguments are seen by everyone on the machine. */

import { BridgeError } from '../../core/errors.ts';
import { patientRef } from '../../core/keystore/keystore.ts';
import type { Bridge } from '../../workflows/bridge.ts';

const ITEM = /^[0-9a-f]{32}$/;

/**
 * @param item id of any item of the patient; without it one line `system|value` is read from stdin
 * @param patientSystem for a line that is a bare value
 * @param options `erased`: also patients whose keys were destroyed, so that an interrupted erasure can go on
 * @throws BridgeError `cli.usage`, `cli.not-found`
 */
export async function identifiedPatient(
  { journal, keystore }: Bridge,
  item: string | undefined,
  patientSystem: string | undefined,
  { erased = false }: { readonly erased?: boolean } = {},
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<string> {
  const ref = item === undefined ? patientRef(keystore, await readIdentifier(stdin, patientSystem)) : await refOf(item);
  if (keystore.custody(ref).holder === 'none' && !(erased && (await journal.wasErased(ref))))
    throw new BridgeError('cli.not-found', 'the hospital holds no keys of that patient');
  return ref;

  async function refOf(id: string): Promise<string> {
    if (!ITEM.test(id))
      throw new BridgeError('cli.usage', 'that is no id of an item', {
        hint: "give the patient's identifier on stdin, as `system|value`, and no argument",
      });
    const found = (await journal.item(id))?.patientRef;
    if (!found || found === 'hospital') throw new BridgeError('cli.not-found', 'there is no such item of a patient');
    return found;
  }
}

async function readIdentifier(stdin: AsyncIterable<Uint8Array>, patientSystem: string | undefined) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  const line = Buffer.concat(chunks).toString('utf8').trim();
  const at = line.lastIndexOf('|');
  const system = at > 0 ? line.slice(0, at) : patientSystem;
  const value = at > 0 ? line.slice(at + 1) : line;
  if (!system || !value || line.includes('\n'))
    throw new BridgeError('cli.usage', 'stdin has no identifier of the form `system|value`');
  return { system, value };
}
