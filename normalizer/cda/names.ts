/** Name spaces of CDA R2 documents, and how `openXml` shows them. */
import type { XmlOptions } from '../../core/xml/open.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const SDTC = 'urn:hl7-org:sdtc';

/** Elements of `urn:hl7-org:v3` (or of none) have plain names; extensions are `sdtc:…`. */
export const CDA_XML: Pick<XmlOptions, 'prefixes' | 'assume'> = {
  prefixes: { 'urn:hl7-org:v3': '', [XSI]: 'xsi', [SDTC]: 'sdtc' },
  assume: { xsi: XSI, sdtc: SDTC },
};

/** US realm template roots, without the common stem. */
export const TEMPLATE = '2.16.840.1.113883.10.20.22';
/** WS/T 500 document template: `…2.1.1.(20+n)` for document type n. */
export const WST500_TEMPLATE = '2.16.156.10011.2.1.1';
/** Catalogue of document types, codes `C00nn`. */
export const WST500_DOCUMENTS = '2.16.156.10011.2.4';
/** Catalogue of health data elements (卫生信息数据元目录), codes `DExx.xx.xxx.xx`. */
export const DATA_ELEMENTS = '2.16.156.10011.2.2.1';
