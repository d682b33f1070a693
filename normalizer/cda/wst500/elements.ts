/**
 * Starter map of the data elements that have a clinical shape in FHIR. Every other element becomes an
 * Observation under its own code, so that nothing coded is lost.
 */
const de = (code: string) => `DE${code}.00`;

export const DIAGNOSIS_CODE = de('05.01.024');
export const DIAGNOSIS_NAME = de('05.01.025');
export const TCM_DISEASE = de('05.10.130');
export const TCM_SYNDROME = de('05.10.172');
export const CHIEF_COMPLAINT = de('04.01.119');
export const ALLERGY_FLAG = de('02.10.023');
export const ALLERGY_TEXT = de('02.10.022');
export const SYSTOLIC = de('04.10.174');
export const DIASTOLIC = de('04.10.176');
export const PROCEDURE_CODE = de('06.00.093');
export const PROCEDURE_NAME = de('06.00.094');
/** 医嘱内容, 出院医嘱: orders as free text. */
export const ORDER_TEXT = de('06.00.287');
/** 医嘱项目内容. */
export const ORDER_ITEM = de('06.00.288');
/** 医嘱项目类型 (CV06.00.229): 01 is medication. */
export const ORDER_KIND = de('06.00.289');
/** 医嘱类别: long-term or temporary. */
export const ORDER_CLASS = de('06.00.286');
export const ADMITTED = de('06.00.092');
export const DISCHARGED = de('06.00.017');
export const LAB_ITEM = de('04.30.019');
export const LAB_ITEM_NAME = de('04.30.020');
export const LAB_RESULT = de('04.30.009');
export const LAB_NUMBER = de('04.30.015');
export const LAB_UNIT = de('04.30.016');
export const LAB_FLAG = de('04.30.017');

/** Data element → LOINC code and observation category. */
export const LOINC: Readonly<Record<string, readonly [code: string, category: string]>> = {
  [SYSTOLIC]: ['8480-6', 'vital-signs'],
  [DIASTOLIC]: ['8462-4', 'vital-signs'],
  [de('04.10.118')]: ['8867-4', 'vital-signs'],
  [de('04.10.186')]: ['8310-5', 'vital-signs'],
  [de('04.10.081')]: ['9279-1', 'vital-signs'],
  [de('04.10.188')]: ['29463-7', 'vital-signs'],
  [de('04.10.167')]: ['8302-2', 'vital-signs'],
  [de('04.50.001')]: ['883-9', 'laboratory'],
  [de('04.50.010')]: ['10331-7', 'laboratory'],
};
