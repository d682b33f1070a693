/** Code systems of Chinese hospitals by OID and by the names under which people know them. */

export interface CodeSystemName {
  readonly uri: string;
  readonly name: string;
  /** False for what was not seen in the standard or in documents that use it: check before relying on it. */
  readonly verified: boolean;
}

const WST = 'urn:oid:2.16.156.10011';

/** OIDs below 2.16.156.10011 as public WS/T 500 document sets use them. */
const TABLE: readonly (readonly [arc: string, name: string])[] = [
  ['2.2.1', '卫生信息数据元目录 WS 363'],
  ['2.2.4', '病案首页数据集'],
  ['2.3.1.85', 'ABO 血型'],
  ['2.3.1.158', '用药途径'],
  ['2.3.1.159', '麻醉方法'],
  ['2.3.1.211', '药物剂型'],
  ['2.3.1.250', 'Rh 血型'],
  ['2.3.1.253', '入院病情'],
  ['2.3.1.267', '药物使用频次'],
  ['2.3.1.271', '患者类型'],
  ['2.3.3.1', '国家和地区 GB/T 2659'],
  ['2.3.3.3', '民族 GB/T 3304'],
  ['2.3.3.4', '性别 GB/T 2261.1'],
  ['2.3.3.5', '婚姻状况 GB/T 2261.2'],
  ['2.3.3.6', '学历 GB/T 4658'],
  ['2.3.3.8', '家庭关系 GB/T 4761'],
  ['2.3.3.11', '疾病诊断 GB/T 14396 (ICD-10)'],
  ['2.3.3.12', '手术操作 ICD-9-CM-3'],
  ['2.3.3.13', '职业 GB/T 2261.4'],
  ['2.3.3.14', '中医病证 GB/T 15657'],
  ['2.3.3.15', '中医治则治法 GB/T 16751.3'],
  ['2.4', '卫生信息文档编码 WS/T 500'],
];

export const CHINESE_SYSTEMS: readonly CodeSystemName[] = TABLE.map(([arc, name]) => ({
  uri: `${WST}.${arc}`,
  name,
  verified: true,
}));

const NAMES = new Map<string, string>([
  ['loinc', 'http://loinc.org'],
  ['snomed', 'http://snomed.info/sct'],
  ['snomed ct', 'http://snomed.info/sct'],
  ['ucum', 'http://unitsofmeasure.org'],
  ['icd-10', 'http://hl7.org/fhir/sid/icd-10'],
  ...CHINESE_SYSTEMS.flatMap(({ uri, name }) => {
    const standard = /(?:GB\/T|WS(?:\/T)?) [\d.]+/.exec(name)?.[0];
    return standard
      ? [[standard.toLowerCase(), uri] as const, [standard.toLowerCase().replaceAll(' ', ''), uri] as const]
      : [];
  }),
]);

/** A URI as it is; a bare OID or UUID as URN; a known name (`LOINC`, `GB/T 2261.1`) as its URI; other text unchanged. */
export function systemUri(text: string): string {
  const known = NAMES.get(text.toLowerCase());
  if (known) return known;
  if (/^[0-2](?:\.(?:0|[1-9]\d*))+$/.test(text)) return `urn:oid:${text}`;
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? `urn:uuid:${text.toLowerCase()}` : text;
}
