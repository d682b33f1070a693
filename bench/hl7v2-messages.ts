/** Made-up HL7 v2 messages in the sizes that hospitals send: ADT^A01 of 1 KB, ORU^R01 of 20 KB with 108 OBX. */

const HEADER = 'MSH|^~\\&|HIS|CG|DHC|CG|';
const FAMILIES = ['王', '李', '张', '刘', '陈', '杨', '赵', '黄', 'Okafor', 'Meyer'];
const GIVEN = ['伟', '芳', '娜', '敏', '静', '丽', '强', '磊', 'Ada', 'Jonas'];
const WARDS = ['心内科', '呼吸科', '骨科', '儿科', '妇产科', 'ICU'];
const TESTS = [
  ['718-7', '血红蛋白', 'HGB', 'g/L', '130-175'],
  ['6690-2', '白细胞计数', 'WBC', '10*9/L', '3.5-9.5'],
  ['777-3', '血小板计数', 'PLT', '10*9/L', '125-350'],
  ['2345-7', '葡萄糖', 'GLU', 'mmol/L', '3.9-6.1'],
  ['2160-0', '肌酐', 'CREA', 'umol/L', '57-97'],
  ['1742-6', '丙氨酸氨基转移酶', 'ALT', 'U/L', '9-50'],
] as const;

const two = (value: number) => String(value).padStart(2, '0');
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

/** A minute of January 2026, `20260105083000+0800`. */
function moment(n: number): string {
  return `202601${two(1 + (n % 28))}${two(n % 24)}${two(n % 60)}00+0800`;
}

function patient(n: number): string {
  const id = 100_000 + (n % 50_000);
  const born = `19${30 + (n % 70)}${two(1 + (n % 12))}${two(1 + (n % 28))}`;
  return (
    `PID|1||CG${id}^^^CG&2.16.156.10011.1.13.990001&ISO^MR~990101${born}${1000 + (n % 9000)}^^^GA&2.16.156.10011.1.3&ISO^NNCHN||` +
    `${pick(FAMILIES, n)}^${pick(GIVEN, n >> 3)}^^^^^L^I||${born}|${n % 2 ? 'M' : 'F'}|||晨光路${1 + (n % 300)}号^^宁海市^江东省^990100^CHN^H||` +
    `555-${1000 + (n % 9000)}^PRN^PH||zh^中文^ISO639|M`
  );
}

function doctor(n: number): string {
  return `D${100 + (n % 40)}^${pick(FAMILIES, n >> 1)}^${pick(GIVEN, n)}^^^^^^CG&2.16.156.10011.1.4&ISO`;
}

function visit(n: number): string {
  return (
    `PV1|1|I|${pick(WARDS, n)}^${300 + (n % 20)}^${1 + (n % 4)}^CG||||${doctor(n)}|||||||1|||||` +
    `ZY26${100_000 + n}^^^CGZY&2.16.156.10011.1.12.990001&ISO^VN`
  );
}

/** @param n tells messages apart; the same n gives the same message */
export function admission(n: number): string {
  const time = moment(n);
  return [
    `${HEADER}${time}||ADT^A01^ADT_A01|A${n}|P|2.5.1||||||UNICODE UTF-8`,
    `EVN|A01|${time}`,
    patient(n),
    `NK1|1|${pick(FAMILIES, n)}^${pick(GIVEN, n + 1)}^^^^^L|SPO^配偶^HL70063|晨光路${1 + (n % 300)}号^^宁海市^江东省^990100^CHN^H|555-${1000 + (n % 8999)}^PRN^CP`,
    `${visit(n)}|||||||||||||||||||||||||${time}`,
    'PV2|||胸痛待查',
    'AL1|1|DA^药物^HL70127|J01CA^青霉素^L|SV^严重^HL70128|皮疹',
    `DG1|1||I20.90${n % 10}^心绞痛^I10||${time}|A|||||||||1|${doctor(n)}`,
    `IN1|1|310^职工医保^L|YB${990_100 + (n % 9)}|宁海市医保中心||||||||20260101|20261231`,
    '',
  ].join('\r');
}

/** @param n as in `admission` */
export function report(n: number, observations = 108): string {
  const time = moment(n);
  const results = Array.from({ length: observations }, (_, index) => {
    const [loinc, name, code, unit, range] = pick(TESTS, index);
    return (
      `OBX|${index + 1}|NM|${loinc}^${name}^LN^${code}${index}^${name}^L|${1 + index}|${1 + ((n + index) % 200)}.${index % 10}0|` +
      `${unit}^${unit}^UCUM|${range}|${index % 9 === 0 ? 'H' : 'N'}|||F|||${time}|CGLAB^检验科|${doctor(index >> 4)}`
    );
  });
  return [
    `${HEADER}${time}||ORU^R01^ORU_R01|R${n}|P|2.5.1||||||UNICODE UTF-8`,
    patient(n),
    visit(n),
    `ORC|RE|O${n}|F${n}|||||||||${doctor(n)}`,
    `OBR|1|O${n}|F${n}|CBC^全血细胞分析^L|||${time}|||||||||${doctor(n)}||||||${time}||HM|F`,
    ...results,
    '',
  ].join('\r');
}
