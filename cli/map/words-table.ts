/** Meaning → words, separated by spaces. See `words.ts`. */

export interface Words {
  readonly english: string;
  readonly chinese: string;
  readonly initials: string;
}

const words = (english: string, chinese: string, initials: string): Words => ({ english, chinese, initials });

export const WORDS = {
  'patient id': words(
    'patient_id patientid pat_id patid pid patient_no patient_number mpi empi',
    '病人ID 病人编号 患者ID 患者编号 病人号 患者号 患者标识',
    'BRID BRBH BRH HZID HZBH',
  ),
  'record number': words('mrn medical_record_no record_no', '病案号 病历号', 'BAH BLH'),
  'inpatient number': words('inpatient_no admission_no inp_no', '住院号 住院号码', 'ZYH ZYHM'),
  'outpatient number': words('outpatient_no clinic_no outp_no', '门诊号 门诊号码 就诊卡号', 'MZH MZHM JZKH'),
  'visit number': words('visit_id visit_no encounter_id encounter_no', '就诊号 就诊流水号 就诊次数', 'JZH JZLSH'),
  'id card': words(
    'id_card idcard id_no id_number national_id citizen_id',
    '身份证号 身份证 身份证号码 证件号码 公民身份号码',
    'SFZH SFZ SFZHM ZJHM',
  ),
  'health card': words('health_card health_card_no', '健康卡号 居民健康卡号', 'JKKH'),
  'patient name': words('patient_name pat_name name full_name', '姓名 患者姓名 病人姓名', 'XM HZXM BRXM'),
  sex: words('sex gender sex_code', '性别 性别代码', 'XB XBDM'),
  'birth date': words('birth_date birthdate birthday dob date_of_birth', '出生日期 生日 出生年月', 'CSRQ CSNY'),
  age: words('age', '年龄', 'NL'),
  phone: words('phone telephone tel mobile phone_no', '电话 联系电话 手机 手机号 电话号码', 'DH LXDH SJ SJH DHHM'),
  address: words('address addr home_address', '地址 住址 家庭住址 现住址', 'DZ ZZ JTZZ XZZ'),
  'marital status': words('marital marital_status', '婚姻 婚姻状况', 'HY HYZK'),
  'ethnic group': words('nation ethnic ethnicity', '民族', 'MZ'),
  occupation: words('occupation job', '职业', 'ZY'),
  ward: words('ward ward_name', '病区', 'BQ'),
  bed: words('bed bed_no', '床号 床位号', 'CH CWH'),
  department: words('dept department dept_name dept_code', '科室 送检科室 科室名称 申请科室', 'KS SJKS KSMC SQKS'),
  diagnosis: words('diagnosis diag clinical_diagnosis diag_name', '诊断 临床诊断 诊断名称', 'ZD LCZD ZDMC'),
  'diagnosis code': words(
    'diag_code icd icd10 icd_code diagnosis_code',
    '诊断编码 诊断代码 疾病编码',
    'ZDBM ZDDM JBBM',
  ),
  'report number': words('report_no report_id report_number', '报告号 报告单号 检验报告单号 报告编号', 'BGH BGDH BGBH'),
  'order number': words(
    'order_no order_id request_no requisition application_no',
    '申请单号 医嘱号 申请号 申请单编号',
    'SQDH YZH SQH',
  ),
  'sample number': words(
    'sample_no sample_id specimen_no specimen_id barcode',
    '样本号 标本号 条码 条码号 条形码 标本编号',
    'YBH BBH TM TMH TXM BBBH',
  ),
  'specimen type': words('specimen sample_type specimen_type', '标本类型 样本类型 标本种类 标本', 'BBLX YBLX BBZL BB'),
  'item code': words(
    'item_code test_code itemcode analyte_code item_id',
    '项目代码 项目编码 检验项目代码 指标代码 项目编号',
    'XMDM XMBM JYXMDM ZBDM XMBH',
  ),
  'item name': words(
    'item_name test_name itemname analyte',
    '项目名称 检验项目 检验项目名称 指标名称 项目',
    'XMMC JYXM JYXMMC ZBMC',
  ),
  'item abbreviation': words('item_abbr english_name', '英文名 项目英文名 缩写', 'YWM XMYWM'),
  'panel code': words('panel_code profile_code group_code', '组合代码 组套代码', 'ZHDM ZTDM'),
  'panel name': words('panel_name profile_name group_name', '组合名称 组套名称 检验目的', 'ZHMC ZTMC JYMD'),
  result: words(
    'result value result_value test_result observation',
    '结果 检验结果 结果值 测定结果 定量结果',
    'JG JYJG JGZ CDJG DLJG',
  ),
  unit: words('unit units result_unit', '单位 计量单位 结果单位', 'DW JLDW JGDW'),
  'reference range': words(
    'reference reference_range ref_range normal_range',
    '参考范围 参考值 正常值 参考区间',
    'CKFW CKZ ZCZ CKQJ',
  ),
  'reference low': words('ref_low low_limit reference_low', '参考下限 参考值下限 下限', 'CKXX CKZXX'),
  'reference high': words('ref_high high_limit reference_high', '参考上限 参考值上限 上限', 'CKSX CKZSX'),
  flag: words('flag abnormal abnormal_flag indicator', '标志 异常标志 高低标志 提示 结果标志', 'BZ YCBZ GDBZ TS JGBZ'),
  status: words('status result_status state', '状态 审核状态 报告状态 结果状态', 'ZT SHZT BGZT JGZT'),
  'sampled at': words(
    'sampled_at collected_at collection_time sample_time',
    '采样时间 采集时间 采血时间 采样日期',
    'CYSJ CJSJ CXSJ CYRQ',
  ),
  'received at': words('received_at receive_time', '接收时间 签收时间 核收时间', 'JSSJ QSSJ HSSJ'),
  'tested at': words('tested_at test_time', '检验时间 检测时间 检验日期', 'JYSJ JCSJ JYRQ'),
  'reported at': words(
    'reported_at report_time report_date rpt_time',
    '报告时间 报告日期 发布时间 审核时间 审核日期',
    'BGSJ BGRQ FBSJ SHSJ SHRQ',
  ),
  'updated at': words('updated_at update_time modified_at last_modified', '更新时间 修改时间', 'GXSJ XGSJ'),
  orderer: words('orderer ordering_doctor order_doctor', '申请医生 送检医生 开单医生', 'SQYS SJYS KDYS'),
  performer: words('performer tester operator', '检验者 检验人 操作者 检验医师', 'JYZ JYR CZZ JYYS'),
  verifier: words('verifier reviewer approved_by', '审核者 审核人 审核医师', 'SHZ SHR SHYS'),
  instrument: words('instrument device analyzer', '仪器 设备 仪器名称', 'YQ SB YQMC'),
  method: words('method', '检验方法 方法', 'JYFF FF'),
  note: words('note notes remark comment comments', '备注 说明', 'BZ SM'),
  'hospital code': words(
    'hospital_code org_code organization_code',
    '医疗机构代码 机构代码 医院代码',
    'YLJGDM JGDM YYDM',
  ),
  height: words('height', '身高', 'SG'),
  weight: words('weight', '体重', 'TZ'),
  temperature: words('temperature temp', '体温', 'TW'),
  pulse: words('pulse heart_rate', '脉搏 脉率 心率', 'MB ML XL'),
  'systolic pressure': words('systolic sbp', '收缩压', 'SSY'),
  'diastolic pressure': words('diastolic dbp', '舒张压', 'SZY'),
} as const satisfies Record<string, Words>;

export type FieldName = keyof typeof WORDS;
