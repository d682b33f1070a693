/** The rules that a table can fill, resource by resource. A rule is written when its first field was found. */
import type { FieldName } from '../words-table.ts';
import { address, type Found } from './compose.ts';

export const TARGETS = ['Observation', 'Patient', 'Condition'] as const;
export type Target = (typeof TARGETS)[number];

export interface Element {
  /** Columns that the rule reads. */
  readonly fields: readonly FieldName[];
  readonly rule: readonly string[];
  readonly remark?: string;
}

/** A resource of the map. */
export interface Part {
  readonly head: readonly string[];
  readonly elements: readonly Element[];
}

/** Code maps that rules name; only those that are used are written. */
export const CODES: Readonly<Record<string, string>> = {
  sex: "{ map: { '0': unknown, '1': male, '2': female, '9': unknown, M: male, F: female, 男: male, 女: female, 未知: unknown } }",
  status:
    '{ map: { F: final, P: preliminary, C: corrected, X: cancelled, 已审核: final, 未审核: preliminary, 已修改: corrected, 作废: cancelled } }',
  flag: "{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', map: { ↑: H, ↓: L, ↑↑: HH, ↓↓: LL, H: H, L: L, N: N } }",
};

export function resourcesFor(target: Target, found: Found): Part[] {
  const parts = [patient(found)];
  if (target === 'Observation') {
    if (found.sure('sample number')) parts.push(specimen(found));
    parts.push(...(found.sure('item code') || found.sure('item name') ? [labResult(found)] : vitals(found)));
  }
  if (target === 'Condition') parts.push(condition(found));
  return parts;
}

/** One element for each field that was found. */
function each(found: Found, rules: Partial<Record<FieldName, (column: string) => string[]>>): Element[] {
  return (Object.entries(rules) as [FieldName, (column: string) => string[]][]).flatMap(([field, rule]) => {
    const guess = found.get(field);
    return guess ? [{ fields: [field], rule: rule(address(guess.column)) }] : [];
  });
}

function patient(found: Found): Part {
  const owner = found.sure('patient id') ?? found.sure('record number') ?? found.sure('id card');
  const isCard = owner?.field === 'id card';
  const identifiers = [
    ...(owner && !isCard ? [`  - { system: '\${patientSystem}', value: ${address(owner.column)} }`] : []),
    ...(found.sure('id card')
      ? [`  - !identifier { from: ${column(found, 'id card')}, system: 'urn:oid:2.16.156.10011.1.3', check: id-card }`]
      : []),
  ];
  const used = [...(owner ? [owner.field] : []), ...(found.sure('id card') && !isCard ? (['id card'] as const) : [])];
  return {
    head: ['Patient: patient', 'key: [!owner ]'],
    elements: [
      ...(identifiers.length > 0 ? [{ fields: used, rule: ['identifier:', ...identifiers] }] : []),
      ...each(found, {
        'patient name': (name) => [`name: ${name}`],
        sex: (sex) => [`gender: !code { from: ${sex}, map: sex }`],
        'birth date': (born) => [`birthDate: ${born}`],
        phone: (phone) => [`telecom: !telecom { from: ${phone}, system: phone }`],
        address: (home) => [`address: { text: ${home} }`],
      }),
    ],
  };
}

function specimen(found: Found): Part {
  const number = column(found, 'sample number');
  return {
    head: ['Specimen: specimen', `key: [!owner , ${number}]`],
    elements: [
      {
        fields: ['sample number'],
        rule: [`identifier: { system: 'urn:dhc:\${hospital.id}:specimen', value: ${number} }`],
      },
      ...each(found, {
        'specimen type': (type) => [`type: { text: ${type} }`],
        'received at': (time) => [`receivedTime: ${time}`],
      }),
      { fields: [], rule: ['subject: !ref patient'] },
    ],
  };
}

function labResult(found: Found): Part {
  const code = found.sure('item code');
  const name = found.sure('item name');
  const parts = [
    ...(code ? [`from: ${address(code.column)}`, "system: 'urn:dhc:${hospital.id}:lis-item'"] : []),
    ...(code && name ? [`display: ${address(name.column)}`] : []),
    ...(name ? [`text: ${address(name.column)}`] : []),
  ];
  const key = (['report number', 'sample number', 'item code', 'item name'] as const)
    .filter((field) => found.sure(field) && !(field === 'item name' && code))
    .map((field) => column(found, field));
  const unit = found.sure('unit') ? `, unit: ${column(found, 'unit')}` : '';
  const status = found.sure('status');
  const time = (['sampled at', 'tested at', 'reported at'] as const).find((field) => found.sure(field));
  const low = found.sure('reference low');
  return {
    head: [
      'Observation: result',
      `key: [${['!owner ', ...key, ...(found.sure('report number') || found.sure('sample number') || !time ? [] : [column(found, time)])].join(', ')}]`,
    ],
    elements: [
      status
        ? {
            fields: ['status'],
            rule: [`status: !code { from: ${address(status.column)}, map: status, default: unknown }`],
          }
        : {
            fields: [],
            rule: ['status: unknown'],
            remark: 'no column tells the status: write `final` if the source holds released results only',
          },
      {
        fields: [],
        rule: [
          "category: !code { system: 'http://terminology.hl7.org/CodeSystem/observation-category', value: laboratory }",
        ],
      },
      {
        fields: [...(code ? (['item code'] as const) : []), ...(name ? (['item name'] as const) : [])],
        rule: [code ? `code: !code { ${parts.join(', ')} }` : `code: { ${parts.join(', ')} }`],
        remark: 'for LOINC add `map: loinc` and a code map of that name: `dhc map codes`',
      },
      { fields: [], rule: ['subject: !ref patient'] },
      ...(found.sure('sample number') ? [{ fields: [], rule: ['specimen: !ref specimen'] } as const] : []),
      ...(time ? [{ fields: [time], rule: [`effective: !dateTime ${column(found, time)}`] } as const] : []),
      ...each(found, {
        result: (value) => [`value: !labValue { from: ${value}${unit} }`],
        'reference range': (range) => [`referenceRange: !referenceRange { from: ${range}${unit} }`],
        flag: (flag) => [`interpretation: !code { from: ${flag}, map: flag, text: ${flag} }`],
        'reported at': (reported) => [`issued: !instant ${reported}`],
        method: (method) => [`method: { text: ${method} }`],
        performer: (person) => [`performer: { display: ${person} }`],
        note: (note) => [`note: { text: ${note} }`],
      }),
      ...(low && found.sure('reference high') && !found.sure('reference range')
        ? [
            {
              fields: ['reference low', 'reference high'],
              rule: [
                `referenceRange: { low: !quantity { from: ${column(found, 'reference low')}${unit} }, high: !quantity { from: ${column(found, 'reference high')}${unit} } }`,
              ],
            } as const,
          ]
        : []),
      ...(found.sure('unit') && found.sure('result') ? [{ fields: ['unit'], rule: [] } as const] : []),
      ...(found.sure('report number') ? [{ fields: ['report number'], rule: [] } as const] : []),
    ],
  };
}

/** Field → LOINC code and UCUM unit. */
const VITALS: Partial<Record<FieldName, readonly [loinc: string, unit: string]>> = {
  height: ['8302-2', 'cm'],
  weight: ['29463-7', 'kg'],
  temperature: ['8310-5', 'Cel'],
  pulse: ['8867-4', '/min'],
  'systolic pressure': ['8480-6', 'mm[Hg]'],
  'diastolic pressure': ['8462-4', 'mm[Hg]'],
};

function vitals(found: Found): Part[] {
  const time = (['tested at', 'sampled at', 'reported at', 'updated at'] as const).find((field) => found.sure(field));
  return (Object.entries(VITALS) as [FieldName, readonly [string, string]][]).flatMap(([field, [loinc, unit]]) => {
    if (!found.sure(field)) return [];
    const value = column(found, field);
    const at = time ? column(found, time) : undefined;
    return [
      {
        head: [
          `Observation: ${field.replace(' ', '-')}`,
          `key: [!owner , '${loinc}'${at ? `, ${at}` : ''}]`,
          `if: ${value} present`,
        ],
        elements: [
          {
            fields: [],
            rule: [
              'status: unknown',
              "category: !code { system: 'http://terminology.hl7.org/CodeSystem/observation-category', value: vital-signs }",
            ],
          },
          {
            fields: [field],
            rule: [
              `code: !code { system: 'http://loinc.org', value: '${loinc}' }`,
              `value: !quantity { from: ${value}, unit: '${unit}', system: 'http://unitsofmeasure.org', code: '${unit}' }`,
            ],
          },
          { fields: [], rule: ['subject: !ref patient'] },
          ...(at && time ? [{ fields: [time], rule: [`effective: !dateTime ${at}`] }] : []),
        ],
      },
    ];
  });
}

function condition(found: Found): Part {
  const code = found.sure('diagnosis code');
  const name = found.sure('diagnosis');
  const fields = [...(code ? (['diagnosis code'] as const) : []), ...(name ? (['diagnosis'] as const) : [])];
  const columns = fields.map((field) => column(found, field));
  const text = name ? `text: ${address(name.column)}` : '';
  return {
    head: ['Condition: diagnosis', `key: [${['!owner ', ...columns.slice(0, 1)].join(', ')}]`],
    elements: [
      ...(fields.length > 0
        ? [
            {
              fields,
              rule: [
                code
                  ? `code: !code { from: ${address(code.column)}, system: 'urn:dhc:\${hospital.id}:diagnosis'${text && `, ${text}`} }`
                  : `code: { ${text} }`,
              ],
              remark: 'the versions of ICD-10 in use in China differ: name the system of yours',
            },
          ]
        : []),
      { fields: [], rule: ['subject: !ref patient'] },
    ],
  };
}

function column(found: Found, field: FieldName): string {
  const guess = found.get(field);
  return guess ? address(guess.column) : '';
}
