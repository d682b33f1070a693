/** OBX-5 of type ED (encapsulated data) or RP (pointer) → Attachment. */
import type { Value } from './reader/value.ts';

const TYPES: Readonly<Record<string, string>> = {
  PDF: 'application/pdf',
  JPEG: 'image/jpeg',
  JPG: 'image/jpeg',
  PNG: 'image/png',
  GIF: 'image/gif',
  TIFF: 'image/tiff',
  TIF: 'image/tiff',
  RTF: 'application/rtf',
  HTML: 'text/html',
  XML: 'text/xml',
  PLAIN: 'text/plain',
};

/** HL7 tables 0834 and 0191 → the first part of a media type. */
const KINDS: Readonly<Record<string, string>> = {
  APPLICATION: 'application',
  AP: 'application',
  AUDIO: 'audio',
  AU: 'audio',
  IMAGE: 'image',
  IM: 'image',
  MODEL: 'model',
  MULTIPART: 'multipart',
  TEXT: 'text',
  VIDEO: 'video',
};

/**
 * ED (v2.9 §2A.3.27): source ^ type ^ subtype ^ encoding ^ data; RP (§2A.3.65): pointer ^ application ^ type ^ subtype.
 * @returns undefined where it has no readable content
 */
export function attachment(value: Value, pointer: boolean): fhir4.Attachment | undefined {
  const [type, subtype] = pointer ? [3, 4] : [2, 3];
  const contentType = mediaType(value.part(type!).text(), value.part(subtype!).text());
  const content = pointer ? pointed(value.part(1).text()) : encapsulated(value.part(4).text(), value.part(5).decoded);
  // R4 (att-1) wants a type where there is content; this one says that it is not known.
  const said = contentType ?? (content?.data === undefined ? undefined : 'application/octet-stream');
  return content && { ...(said ? { contentType: said } : {}), ...content };
}

function pointed(url: string | undefined): fhir4.Attachment | undefined {
  return url && /^[a-z][a-z0-9+.-]*:\S+$/i.test(url) ? { url } : undefined;
}

function encapsulated(encoding: string | undefined, data: string | undefined): fhir4.Attachment | undefined {
  if (data === undefined) return undefined;
  if (/^base64$/i.test(encoding ?? '')) {
    const text = data.replaceAll(/\s/g, '');
    const bytes = Buffer.from(text, 'base64');
    return bytes.length > 0 && bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
      ? { data: bytes.toString('base64') }
      : undefined;
  }
  if (/^hex$/i.test(encoding ?? ''))
    return /^([0-9a-f]{2})+$/i.test(data) ? { data: Buffer.from(data, 'hex').toString('base64') } : undefined;
  return { data: Buffer.from(data, 'utf8').toString('base64') };
}

function mediaType(type: string | undefined, subtype: string | undefined): string | undefined {
  const own = [subtype, type].find((name) => name && /^[a-z]+\/[a-z0-9.+-]+$/i.test(name));
  return own ?? TYPES[(subtype ?? '').toUpperCase()] ?? joined(type, subtype) ?? TYPES[(type ?? '').toUpperCase()];
}

/** `application^msword`; subtypes of table 0291 that begin with a hyphen lack the x of their media type. */
function joined(type: string | undefined, subtype: string | undefined): string | undefined {
  const kind = KINDS[(type ?? '').toUpperCase()];
  return kind !== undefined && subtype !== undefined && /^[a-z0-9.+-]+$/i.test(subtype)
    ? `${kind}/${subtype.toLowerCase().replace(/^-/, 'x-')}`
    : undefined;
}
