/** The package carries no types. */
declare module 'dicom-character-set' {
  export const characterSets: Readonly<Record<string, unknown>>;
  /** @throws Error for an unknown character set or escape sequence; broken bytes become U+FFFD */
  export function convertBytes(specificCharacterSet: string, bytes: Uint8Array, options?: { vr?: string }): string;
}
