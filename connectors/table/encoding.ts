/** Character sets by the labels of the WHATWG Encoding standard, as far as this machine decodes them. */
export function isDecoderLabel(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}
