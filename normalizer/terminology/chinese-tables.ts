/**
 * The code tables of Chinese standards that are shipped as code maps. Codes and names are written down by us;
 * `verified` is false for a table that nobody has yet compared with the text of its standard.
 */
import type { CodeRow, Equivalence } from './code-map.ts';

export interface ShippedTable {
  /** `gbt-2261.1` */
  readonly id: string;
  readonly title: string;
  readonly verified: boolean;
  readonly rows: readonly CodeRow[];
}

const OID = 'urn:oid:2.16.156.10011.2.3';
const GENDER = 'http://hl7.org/fhir/administrative-gender';
const MARITAL = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';
const NULLS = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';
const ROLE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';

/** `code name`, and where there is one `> target` with `~` before a target that is wider. */
function table(
  id: string,
  title: string,
  verified: boolean,
  system: string,
  target: string,
  lines: string,
): ShippedTable {
  const rows = lines.split(';').map((line): CodeRow => {
    const [source = '', to] = line.trim().split(' > ');
    const [code = '', display = ''] = source.split(' ');
    if (!to)
      return {
        sourceSystem: system,
        sourceCode: code,
        sourceDisplay: display,
        targetSystem: target,
        equivalence: 'unmatched',
      };
    const equivalence: Equivalence = to.startsWith('~') ? 'wider' : 'equivalent';
    const [targetCode = '', ofSystem] = to.replace('~', '').split('@');
    return {
      sourceSystem: system,
      sourceCode: code,
      sourceDisplay: display,
      targetSystem: ofSystem === 'null' ? NULLS : target,
      targetCode,
      equivalence,
    };
  });
  return { id, title, verified, rows };
}

const ETHNIC =
  '汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族 乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 塔塔尔族 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族'
    .split(' ')
    .map((name, index) => `${String(index + 1).padStart(2, '0')} ${name}`);

export const CHINESE_TABLES: readonly ShippedTable[] = [
  table(
    'gbt-2261.1',
    '性别',
    true,
    `${OID}.3.4`,
    GENDER,
    '0 未知的性别 > unknown; 1 男性 > male; 2 女性 > female; 9 未说明的性别 > ~unknown',
  ),
  table(
    'gbt-2261.2',
    '婚姻状况',
    false,
    `${OID}.3.5`,
    MARITAL,
    '10 未婚 > S; 20 已婚 > M; 21 初婚 > ~M; 22 再婚 > ~M; 23 复婚 > ~M; 30 丧偶 > W; 40 离婚 > D; 90 未说明的婚姻状况 > UNK@null',
  ),
  table('gbt-3304', '民族', false, `${OID}.3.3`, '', [...ETHNIC, '97 其他', '98 外国血统'].join(';')),
  table(
    'gbt-2261.4',
    '职业',
    false,
    `${OID}.3.13`,
    '',
    '11 国家公务员; 13 专业技术人员; 17 职员; 21 企业管理人员; 24 工人; 27 农民; 31 学生; 37 现役军人; 51 自由职业者; 54 个体经营者; 70 无业人员; 80 退(离)休人员; 90 其他',
  ),
  table(
    'gbt-4658',
    '学历',
    false,
    `${OID}.3.6`,
    '',
    '10 研究生教育; 20 大学本科教育; 30 大学专科教育; 40 中等职业教育; 60 普通高级中学教育; 70 初级中学教育; 80 小学教育; 90 其他',
  ),
  table(
    'gbt-4761',
    '家庭关系',
    false,
    `${OID}.3.8`,
    ROLE,
    '0 本人或户主 > ~ONESELF; 1 配偶 > SPS; 2 子 > SON; 3 女 > DAU; 4 孙子女或外孙子女 > GRNDCHILD; 5 父母 > PRN; 6 祖父母或外祖父母 > GRPRN; 7 兄弟姐妹 > SIB; 8 其他',
  ),
  table('wst-abo', 'ABO 血型 (值域 2.3.1.85)', false, `${OID}.1.85`, '', '1 A型; 2 B型; 3 O型; 4 AB型; 5 不详'),
  table('wst-rh', 'Rh 血型 (值域 2.3.1.250)', false, `${OID}.1.250`, '', '1 阴性; 2 阳性; 3 不详'),
  table(
    'wst-admission-condition',
    '入院病情 (值域 2.3.1.253)',
    false,
    `${OID}.1.253`,
    '',
    '1 有; 2 临床未确定; 3 情况不明; 4 无',
  ),
];
