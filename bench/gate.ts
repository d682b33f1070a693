/** What one core normalises and judges: `node bench/gate.ts`. Rates are per second of processor time. */
import { canonicalJson } from '../core/json.ts';
import type { SourceKind } from '../core/types.ts';
import { checkBundle } from '../normalizer/gate/index.ts';
import { normalize } from '../normalizer/index.ts';

const SECONDS = 3;

const HEADER = 'MSH|^~\\&|HIS|CG|DHC|CG|20260105083000+0800||';
const PATIENT =
  'PID|1||CG100001^^^CG&2.16.156.10011.1.13.990001&ISO^MR~990101197803120018^^^GA&2.16.156.10011.1.3&ISO^NNCHN||张^伟^^^^^L^I||19780312|M|||晨光路1号^^宁海市^江东省^990100^CHN^H||555-0101^PRN^PH||zh^中文^ISO639|M';
const DOCTOR = 'D001^林^涛^^^^^^CG&2.16.156.10011.1.4&ISO';

const admission = [
  `${HEADER}ADT^A01^ADT_A01|B0001|P|2.5.1||||||UNICODE UTF-8`,
  'EVN|A01|20260105083000+0800',
  PATIENT,
  'NK1|1|张^敏^^^^^L|SPO^配偶^HL70063|晨光路1号^^宁海市^江东省^990100^CHN^H|555-0111^PRN^CP',
  `PV1|1|I|心内科^302^1^CG||||${DOCTOR}|||||||1|||||ZY26000101^^^CGZY&2.16.156.10011.1.12.990001&ISO^VN|||||||||||||||||||||||||20260105082500+0800`,
  'PV2|||胸痛待查',
  'AL1|1|DA^药物^HL70127|J01CA^青霉素^L|SV^严重^HL70128|皮疹',
  `DG1|1||I20.900^心绞痛^GB/T14396||20260105083000+0800|A|||||||||1|${DOCTOR}`,
  'IN1|1|310^职工医保^L|YB990100|宁海市医保中心||||||||20260101|20261231',
];
const results = [
  `${HEADER}ORU^R01^ORU_R01|B0002|P|2.5.1||||||UNICODE UTF-8`,
  PATIENT,
  `PV1|1|I|心内科^302^1^CG||||${DOCTOR}|||||||1|||||ZY26000101^^^CGZY&2.16.156.10011.1.12.990001&ISO^VN`,
  'ORC|RE|O1|F1',
  `OBR|1|O1|F1|CBC^全血细胞分析^L|||20260105090000+0800|||||||||${DOCTOR}||||||20260105100000+0800||HM|F`,
  ...Array.from(
    { length: 108 },
    (_, n) =>
      `OBX|${n + 1}|NM|718-7^血红蛋白^LN^HGB${n}^血红蛋白^L|${n}|1${n}.50|g/L^克每升^UCUM|130-175|L|||F|||20260105090000+0800|CGLAB^检验科|${DOCTOR}`,
  ),
];
const row = {
  report_no: 'B2601001',
  sample_no: 'T0001',
  patient_id: 'CG100001',
  patient_name: '张伟',
  sex: '男',
  birth_date: '1978-03-12',
  item_code: 'HGB',
  item_name: '血红蛋白',
  result: '128',
  unit: 'g/L',
  reference: '130-175',
  flag: '↓',
  status: '已审核',
  sampled_at: '2026-01-05 09:30:00',
  reported_at: '2026-01-05 10:15:00',
};

/** Runs the work for a while to warm up, then counts. */
function perSecond(work: () => unknown): number {
  for (const end = performance.now() + SECONDS * 500; performance.now() < end; ) work();
  const before = process.cpuUsage();
  let count = 0;
  for (const end = performance.now() + SECONDS * 1000; performance.now() < end; count++) work();
  const { user, system } = process.cpuUsage(before);
  return Math.round((count * 1e6) / (user + system));
}

function measure(name: string, kind: SourceKind, text: string): void {
  const bytes = Buffer.from(text);
  const hospital = { id: 'bench', name: '晨光医院', timezone: 'Asia/Shanghai' };
  const run = () => normalize({ kind, sourceKey: name, bytes }, { hospital, feed: 'bench', receivedAt: '' });
  const made = run();
  if (made.status === 'rejected') throw new Error(`${name}: ${made.code}`);
  const { bundle } = made;
  const json = canonicalJson(bundle);
  const rates = [perSecond(run), perSecond(() => checkBundle(bundle, json))].map((rate) => rate.toLocaleString('en'));
  const size = `${bytes.length} bytes, ${bundle.entry!.length} resources`;
  process.stdout.write(`${name.padEnd(18)} ${size.padEnd(28)} whole ${rates[0]}/s, gate alone ${rates[1]}/s\n`);
}

measure('ADT^A01', 'hl7v2', `${admission.join('\r')}\r`);
measure('ORU^R01, 108 OBX', 'hl7v2', `${results.join('\r')}\r`);
measure('laboratory row', 'table', JSON.stringify(row));
