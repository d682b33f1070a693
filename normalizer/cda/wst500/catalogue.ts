/** The 53 document types of WS/T 500-2016: code `C00nn`, template `2.16.156.10011.2.1.1.(20+nn)`. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { templatesOf } from '../document.ts';
import { WST500_DOCUMENTS, WST500_TEMPLATE } from '../names.ts';

const NAMES =
  '病历概要 门(急)诊病历 急诊留观病历 西药处方 中药处方 检查报告 检验报告 治疗记录 一般手术记录 麻醉术前访视记录 麻醉记录 麻醉术后访视记录 输血记录 待产记录 阴道分娩记录 剖宫产记录 一般护理记录 病重(病危)护理记录 手术护理记录 生命体征测量记录 出入量记录 高值耗材使用记录 入院评估 护理计划 出院评估与指导 手术知情告知书 麻醉知情同意书 输血治疗同意书 特殊检查及特殊治疗同意书 病危(重)通知书 其他知情同意书 住院病案首页 中医住院病案首页 入院记录 24小时内入出院记录 24小时内入院死亡记录 首次病程记录 日常病程记录 上级医师查房记录 疑难病例讨论记录 交接班记录 转科记录 阶段小结 抢救记录 会诊记录 术前小结 术前讨论 术后首次病程记录 出院记录 死亡记录 死亡病例讨论记录 住院医嘱 出院小结'.split(
    ' ',
  );

/** Documents that speak of what is planned or may happen: their procedures have not been done. */
const PLANS = new Set([10, 24, 26, 27, 28, 29, 30, 31, 46, 47]);

export interface DocumentType {
  /** 1 to 53; 0 for a document of the family whose type is not in the catalogue. */
  readonly number: number;
  readonly name?: string;
  readonly planned: boolean;
}

/** By code before template, because real documents carry wrong templates; null for documents of another family. */
export function documentTypeOf(root: XmlElement): DocumentType | null {
  const code = root.child('code');
  const coded = /^C00(\d\d)$/.exec(code?.attr('code')?.trim() ?? '')?.[1];
  const template = templatesOf(root).find((t) => t.startsWith(`${WST500_TEMPLATE}.`));
  const ours = template !== undefined || code?.attr('codeSystem')?.startsWith(WST500_DOCUMENTS);
  if (!ours) return null;
  const byTemplate = Number(template?.slice(WST500_TEMPLATE.length + 1) ?? '20') - 20;
  const number = coded ? Number(coded) : byTemplate;
  const name = NAMES[number - 1];
  return name ? { number, name, planned: PLANS.has(number) } : { number: 0, planned: false };
}
