/** The SQL of Oracle 12c and later, which 达梦 DM8 also takes. */
import type { Column, Dialect, Family } from '../driver.ts';

const TIME = `'YYYY-MM-DD HH24:MI:SS'`;
const STAMP = `'YYYY-MM-DD HH24:MI:SS.FF9'`;

export const oracleDialect: Dialect = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  param: (n) => `:${n}`,
  value({ family, type }, name) {
    if (family === 'text' || family === 'binary') return name;
    if (family === 'time') return type === 'DATE' ? `TO_CHAR(${name}, ${TIME})` : `TO_CHAR(${name}, ${STAMP})`;
    if (family === 'instant') return `TO_CHAR(${name}, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')`;
    // TM9 gives all digits and no zeros that were not stored.
    return family === 'decimal' || family === 'float'
      ? `TO_CHAR(${name}, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')`
      : `TO_CHAR(${name})`;
  },
  raw: (column, name) =>
    column.family === 'text' && !column.large ? `UTL_RAW.CAST_TO_RAW(${name})` : oracleDialect.value(column, name),
  size: ({ type }, name) => (/LOB/.test(type) ? `DBMS_LOB.GETLENGTH(${name})` : `LENGTHB(${name})`),
  stamp: ({ family }, name) =>
    `TO_CHAR(${family === 'instant' ? `SYS_EXTRACT_UTC(${name})` : `CAST(${name} AS TIMESTAMP(9))`}, ${STAMP})`,
  fromStamp: ({ family, type }, param) => {
    const time = `TO_TIMESTAMP(${param}, ${STAMP})`;
    if (type === 'DATE') return `CAST(${time} AS DATE)`;
    return family === 'instant' ? `FROM_TZ(${time}, '+00:00')` : time;
  },
  fromKey({ family, type }, param) {
    if (family === 'binary') return `HEXTORAW(${param})`;
    if (family === 'time') return type === 'DATE' ? `TO_DATE(${param}, ${TIME})` : `TO_TIMESTAMP(${param}, ${STAMP})`;
    if (family === 'instant') return `TO_TIMESTAMP_TZ(${param}, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')`;
    return family === 'decimal' || family === 'integer'
      ? `TO_NUMBER(${param}, '${'9'.repeat(40)}D${'9'.repeat(20)}', 'NLS_NUMERIC_CHARACTERS=''.,''')`
      : param;
  },
  limit: (query, rows) => `${query} FETCH FIRST ${rows} ROWS ONLY`,
  now: `SELECT TO_CHAR(SYSTIMESTAMP AT TIME ZONE '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6') FROM DUAL`,
  columns: ({ schema, name }) => ({
    sql: `SELECT COLUMN_NAME, DATA_TYPE, DATA_PRECISION, DATA_SCALE, DATA_LENGTH FROM ALL_TAB_COLUMNS
      WHERE TABLE_NAME = :1 AND OWNER = NVL(:2, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) ORDER BY COLUMN_ID`,
    params: [name, schema],
  }),
  column: ([name, base, precision, scale, length]): Column => {
    const plain = String(base).replace(/\(.*?\)/, '');
    const type = precision === null || precision === undefined ? plain : `${plain}(${precision},${scale ?? 0})`;
    const large = /LOB|LONG|XML/.test(plain) || Number(length) > 999;
    return { name: String(name), type, family: familyOf(plain, String(scale)), large };
  },
  views: `SELECT OWNER, NAME, ROWS_ FROM (
      SELECT OWNER, TABLE_NAME NAME, NUM_ROWS ROWS_ FROM ALL_TABLES UNION ALL SELECT OWNER, VIEW_NAME, NULL FROM ALL_VIEWS)
    WHERE OWNER NOT IN ('SYS', 'SYSTEM', 'XDB', 'MDSYS', 'CTXSYS', 'SYSAUDITOR', 'SYSSSO') ORDER BY 1, 2`,
  leading: ({ schema, name }) => ({
    sql: `SELECT COLUMN_NAME FROM ALL_IND_COLUMNS WHERE TABLE_NAME = :1 AND COLUMN_POSITION = 1
      AND TABLE_OWNER = NVL(:2, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA'))`,
    params: [name, schema],
  }),
  rights: ({ schema, name }) => ({
    sql: `SELECT LISTAGG(PRIVILEGE, ', ') WITHIN GROUP (ORDER BY PRIVILEGE) FROM (
        SELECT PRIVILEGE FROM USER_TAB_PRIVS WHERE TABLE_NAME = :1 AND OWNER = NVL(:2, OWNER)
          AND PRIVILEGE IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER')
        UNION SELECT PRIVILEGE FROM USER_SYS_PRIVS WHERE PRIVILEGE LIKE '%ANY TABLE' AND PRIVILEGE NOT LIKE 'SELECT%')`,
    params: [name, schema],
  }),
};

function familyOf(base: string, scale: string): Family {
  if (base.startsWith('TIMESTAMP')) return base.includes('TIME ZONE') ? 'instant' : 'time';
  // Oracle's DATE has hours, minutes and seconds.
  if (base === 'DATE' || base === 'DATETIME') return 'time';
  if (/CHAR|CLOB|LONG$|TEXT/.test(base)) return 'text';
  if (/RAW|BLOB|BINARY$|IMAGE/.test(base)) return 'binary';
  if (/^(BINARY_)?(FLOAT|DOUBLE|REAL)/.test(base)) return 'float';
  if (/^(NUMBER|NUMERIC|DECIMAL|DEC)/.test(base)) return scale === '0' ? 'integer' : 'decimal';
  return /INT$|INTEGER/.test(base) ? 'integer' : 'other';
}
