/** Postal addresses. */

export interface AddressParts {
  readonly lines?: readonly (string | undefined)[];
  readonly city?: string | undefined;
  readonly district?: string | undefined;
  readonly state?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
  readonly use?: fhir4.Address['use'] | undefined;
  readonly type?: fhir4.Address['type'] | undefined;
}

export function address(parts: AddressParts): fhir4.Address | undefined {
  const line = (parts.lines ?? []).filter((item) => item !== undefined && item !== '') as string[];
  const { city, district, state, postalCode, country, use, type } = parts;
  if (line.length === 0 && !city && !district && !state && !postalCode && !country) return undefined;
  const made: fhir4.Address = {};
  if (use) made.use = use;
  if (type) made.type = type;
  if (line.length > 0) made.line = line;
  if (city) made.city = city;
  if (district) made.district = district;
  if (state) made.state = state;
  if (postalCode) made.postalCode = postalCode;
  if (country) made.country = country;
  return made;
}
