/** Value tables that several source formats share. Each names its source; what is not in it stays unmapped. */

type Table<T extends string> = Readonly<Record<string, T>>;

/** HL7 table 0001, GB/T 2261.1 (0 未知, 1 男, 2 女, 9 未说明) and the words themselves. */
export const GENDER: Table<'male' | 'female' | 'other' | 'unknown'> = {
  M: 'male',
  F: 'female',
  O: 'other',
  A: 'other',
  N: 'other',
  U: 'unknown',
  '0': 'unknown',
  '1': 'male',
  '2': 'female',
  '9': 'unknown',
  男: 'male',
  女: 'female',
  未知: 'unknown',
  未说明: 'unknown',
};

const V3_MARITAL = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';

/** HL7 table 0002 as the v2-to-FHIR guide maps it → v3 MaritalStatus. */
const MARITAL: Table<string> = {
  A: 'L',
  D: 'D',
  M: 'M',
  S: 'S',
  W: 'W',
  C: 'C',
  G: 'T',
  P: 'T',
  R: 'T',
  E: 'L',
  N: 'A',
  I: 'I',
};

export function maritalStatus(code: string): fhir4.Coding | undefined {
  const mapped = MARITAL[code];
  return mapped ? { system: V3_MARITAL, code: mapped } : undefined;
}
