/**
 * Fields with a meaning of their own for the loader. Secrets in the config are references; the value is
 * read where it is used and kept nowhere else. Paths are relative to the config file.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BridgeError } from '../errors.ts';

const REFERENCE = /^(?:\$\{env:([A-Za-z_]\w*)\}|file:(.+))$/;

/** A config field that takes `${env:NAME}` or `file:PATH` and refuses the secret itself. */
export function secret(description: string) {
  return z
    .string()
    .regex(REFERENCE, { error: 'a secret is given as ${env:NAME} or file:PATH, never in the config itself' })
    .describe(description)
    .meta({ secret: true });
}

/** A config field that names a file or folder; the loader makes it absolute. */
export function filePath(description: string) {
  return z.string().min(1).describe(description).meta({ path: true });
}

/**
 * @param reference as the config has it; a relative `file:` path has been made absolute by the loader
 * @throws BridgeError `config.secret` when the variable or file does not exist or is empty
 */
export function readSecret(reference: string): string {
  const match = REFERENCE.exec(reference);
  if (!match) throw new BridgeError('config.secret', 'a secret is not given as a reference');
  const [, variable, path] = match;
  const value = variable ? process.env[variable] : readFile(path!);
  if (!value?.trim()) {
    throw new BridgeError(
      'config.secret',
      variable ? `the environment variable ${variable} is not set` : `the secret file ${path} is missing or empty`,
    );
  }
  return value.trim();
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
