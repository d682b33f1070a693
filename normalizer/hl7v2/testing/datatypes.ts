/** Data types of HL7 v2 by their components (v2.5.1 chapter 2A); `0203` after a type is the table of its codes. */
const COMPOSITES: Readonly<Record<string, string>> = {
  AUI: 'ST DT ST',
  CE: 'ST ST SYS ST ST SYS',
  CWE: 'ST ST SYS ST ST SYS ST ST ST',
  CNN: 'ST ST ST ST ST ST IS IS IS ST ID',
  CP: 'MO ID NM NM CE ID',
  CQ: 'NM UNIT',
  CX: 'ST ST ID HD ID:0203 HD DT DT CWE CWE',
  DLD: 'IS TS',
  DLN: 'ST IS DT',
  DR: 'TS TS',
  ED: 'HD MIME ID ENC TX',
  EI: 'ST IS OID ID:0301',
  EIP: 'EI EI',
  FC: 'IS:0064 TS',
  FN: 'ST ST ST ST ST',
  HD: 'IS OID ID:0301',
  JCC: 'IS IS TX',
  LA: 'ST ST ST HD IS IS IS IS ST ST ST ST',
  MO: 'NM CUR',
  MOC: 'MO CWE',
  NA: 'NM NM NM NM',
  NDL: 'CNN TS TS IS IS IS HD IS IS IS IS',
  PL: 'IS IS IS HD IS IS IS IS ST EI HD',
  PLN: 'ST IS ST DT',
  PRL: 'CE ST TX',
  RI: 'IS ST',
  RP: 'URL HD MIME ID',
  RPT: 'CWE ST NM NM IS ID ID ID',
  SAD: 'ST ST ST',
  SN: 'CMP NM SEP NM',
  SPD: 'ST ST ID DT',
  SPS: 'CWE CWE TX CWE CWE CWE CWE',
  TQ: 'CQ RI ST TS TS ST:0485 ST TX ID ST',
  UNIT: 'UOM ST UCUM',
  XAD: 'SAD ST ST ST ST CTRY ID:0190 ST IS IS ID DR TS TS',
  XCN: 'ST FN ST ST ST ST IS IS HD ID:0200 ST ID ID:0203 HD ID CE DR ID TS TS ST CWE CWE',
  XON: 'ST IS NM NM ID HD ID:0203 HD ID ST',
  XPN: 'FN ST ST ST ST IS ID:0200 ID CE DR ID TS TS ST',
  XTN: 'TEL ID:0201 ID:0202 MAIL NM NM NM NM ST ST ST TEL',
};

export interface FieldType {
  readonly type: string;
  readonly table?: string;
  readonly repeats: boolean;
}

/** `CE:0063*` → a repeating CE with codes of table 0063. */
export function fieldType(text: string): FieldType {
  const [, type, table, star] = /^([A-Z0-9]+)(?::(\w+))?(\*)?$/.exec(text)!;
  return { type: type!, ...(table ? { table } : {}), repeats: star !== undefined };
}

const components = new Map<string, readonly FieldType[]>();

/** @returns undefined for a type without components */
export function componentsOf(type: string): readonly FieldType[] | undefined {
  const row = COMPOSITES[type];
  if (row === undefined) return undefined;
  if (!components.has(type)) components.set(type, row.split(' ').map(fieldType));
  return components.get(type);
}
