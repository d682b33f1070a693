/**
 * A row of a LIS table (JSON, column name → text) → Observation. Thin: the columns are those of
 * `samples/table/lab.csv`; the mapping language takes this over.
 */
import { BridgeError } from '../../core/errors.ts';
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { codeMapping, Draft } from '../draft.ts';
import { rejectError } from '../outcome.ts';
import { fixedConcept } from '../shared/code.ts';
import { dateOf, pointInTime } from '../shared/datetime.ts';
import { humanName } from '../shared/name.ts';
import { interval, measured, quantity } from '../shared/result.ts';
import { GENDER } from '../shared/tables.ts';
import { isTree } from '../tree.ts';
import { Row } from './row.ts';

const MAPPING = codeMapping('table-lab', '1');
const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';
const FLAGS: Readonly<Record<string, string>> = { '↑': 'H', '↓': 'L', H: 'H', L: 'L', N: 'N', '↑↑': 'HH', '↓↓': 'LL' };
const STATUS: Readonly<Record<string, fhir4.Observation['status']>> = {
  F: 'final',
  P: 'preliminary',
  C: 'corrected',
  X: 'cancelled',
  已审核: 'final',
  未审核: 'preliminary',
  已修改: 'corrected',
  作废: 'cancelled',
};

export function normalizeTable(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const draft = new Draft(context, MAPPING);
  try {
    return mapRow(draft, readRow(input.bytes, draft), input.bytes);
  } catch (error) {
    const { code, issues } = rejectError(error);
    return draft.reject(code, issues[0]!.detail);
  }
}

/** @throws BridgeError item.format, item.charset */
function readRow(bytes: Uint8Array, draft: Draft): Row {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BridgeError('item.format', 'the row is no JSON object in UTF-8');
  }
  if (!isTree(parsed)) throw new BridgeError('item.format', 'the row is no JSON object in UTF-8');
  return new Row(parsed, draft);
}

function mapRow(draft: Draft, row: Row, bytes: Uint8Array): Normalized | Rejected {
  const { hospital, feed } = draft.context;
  const number = row.text('patient_id');
  if (number === undefined) return draft.reject('item.no-patient', 'the row names no patient');
  const owner = { system: hospital.patientSystem ?? `urn:dhc:${hospital.id}:table:${feed}:Patient`, value: number };
  const code = row.text('item_code');
  const name = row.text('item_name');
  if (code === undefined && name === undefined) return draft.reject('item.format', 'the row names no test item');
  const effective = time(draft, row, 'sampled_at');
  const issued = time(draft, row, 'reported_at');
  const subject = { reference: draft.add([owner.system, owner.value], patientOf(draft, row, owner)) };
  const flag = row.text('flag');
  const report = row.text('report_no') ?? '';
  const system = `urn:dhc:${hospital.id}:code-system:${feed}`;
  const made: fhir4.Observation = {
    resourceType: 'Observation',
    status: row.look('status', STATUS) ?? 'unknown',
    category: [fixedConcept('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')],
    code: {
      ...(code ? { coding: [{ system, code, ...(name ? { display: name } : {}) }] } : {}),
      ...(name ? { text: name } : {}),
    },
    subject,
    ...(effective ? { effectiveDateTime: effective } : {}),
    ...(issued?.includes('T') ? { issued } : {}),
    ...resultOf(row),
    ...(flag ? { interpretation: [interpretation(flag)] } : {}),
    referenceRange: range(row),
  };
  if (code) draft.unmappedCode(system, code);
  draft.add([owner.system, owner.value, report, code ?? name!, row.text('sample_no') ?? ''], made);
  row.seeRest();
  return draft.finish({
    patient: owner,
    source: { contentType: 'application/json', bytes },
    ...((issued ?? effective) ? { occurred: issued ?? effective } : {}),
  });
}

function patientOf(draft: Draft, row: Row, owner: { system: string; value: string }): fhir4.Patient {
  const born = row.text('birth_date');
  const birthDate = born === undefined ? undefined : dateOf(born);
  const bad = birthDate === 'invalid' || birthDate === 'placeholder';
  if (bad)
    draft.issue(
      'warning',
      birthDate === 'invalid' ? 'field.invalid' : 'field.placeholder',
      'birth_date',
      'the birth date was left out',
    );
  const name = humanName({ family: row.text('patient_name') });
  const gender = row.look('sex', GENDER);
  return {
    resourceType: 'Patient',
    identifier: [owner],
    ...(name ? { name: [name] } : {}),
    ...(gender ? { gender } : {}),
    ...(birthDate && !bad ? { birthDate } : {}),
  };
}

function resultOf(row: Row): Partial<fhir4.Observation> {
  const result = row.text('result');
  if (result === undefined) return {};
  const number = measured(result);
  const unit = row.text('unit');
  return number ? { valueQuantity: quantity(number, { unit }) } : { valueString: result };
}

function interpretation(flag: string): fhir4.CodeableConcept {
  const known = FLAGS[flag];
  return known ? fixedConcept(INTERPRETATION, known, flag) : { text: flag };
}

function range(row: Row): fhir4.ObservationReferenceRange[] {
  const text = row.text('reference');
  if (text === undefined) return [];
  const bounds = interval(text);
  const unit = { unit: row.text('unit') };
  return [
    {
      ...(bounds?.low ? { low: quantity({ number: bounds.low }, unit) } : {}),
      ...(bounds?.high ? { high: quantity({ number: bounds.high }, unit) } : {}),
      text,
    },
  ];
}

function time(draft: Draft, row: Row, column: string): string | undefined {
  const text = row.text(column)?.replaceAll('/', '-');
  if (text === undefined) return undefined;
  const point = pointInTime(text, draft.context.hospital.timezone);
  if (typeof point !== 'string') return point.value;
  if (point === 'placeholder') draft.issue('information', 'field.placeholder', column, 'a placeholder was left out');
  else draft.issue('warning', 'field.invalid', column, 'the value is no time that exists');
  return undefined;
}
