import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMessage } from '../reader/message.ts';
import type { Segment } from '../reader/segment.ts';
import { type Arrangement, arrangementOf } from '../testing/arrangements.ts';
import { type Arranged, arrange } from './arrange.ts';
import { eventOf } from './event.ts';
import type { Group } from './group.ts';
import { structureIssues, structureNamed, structureOf } from './index.ts';
import { parseStructure } from './notation.ts';
import { STRUCTURE_TEXTS } from './tables.ts';

const NAMES = Object.keys(STRUCTURE_TEXTS);

function segmentsOf(names: readonly string[]): readonly Segment[] {
  const lines = names.map((name) => (name === 'MSH' ? 'MSH|^~\\&|A' : name.includes('|') ? name : `${name}|`));
  return readMessage(Buffer.from(lines.join('\r')), undefined).segments;
}

function arranged(structure: string, names: readonly string[]): Arranged {
  return arrange(segmentsOf(names), structureNamed(structure)!, (name) => name);
}

function shape({ name, segments, groups }: Group): Omit<Arrangement, 'flat'> {
  return { name, segments: segments.map((segment) => segment.name), groups: groups.map(shape) as Arrangement[] };
}

function plain({ name, segments, groups }: Arrangement): Omit<Arrangement, 'flat'> {
  return { name, segments, groups: groups.map(plain) as Arrangement[] };
}

/** `ORC OBR (OBX NTE)`: groups in brackets, without their names. */
function brief({ segments, groups }: Group): string {
  return [...segments.map(({ name }) => name), ...groups.map((group) => `(${brief(group)})`)].join(' ');
}

function everySegment({ segments, groups }: Group): Segment[] {
  return [...segments, ...groups.flatMap(everySegment)];
}

describe('any arrangement of a structure', () => {
  test.each(NAMES)('%s: is read as it was made, and nothing of it is told', (name) => {
    fc.assert(
      fc.property(arrangementOf(structureNamed(name)!.content), (made) => {
        // ORC-1 tells orders from those of prior results.
        const lines = made.flat.map((one) =>
          one.name === 'ORC' ? `ORC|${one.group.endsWith('PRIOR') ? 'PR' : 'NW'}` : one.name,
        );
        const { root, unexpected, unknown, missing } = arranged(name, lines);
        expect(shape(root)).toEqual(plain(made));
        expect([unexpected, unknown, missing]).toEqual([[], [], []]);
      }),
      { numRuns: 60 },
    );
  });

  test.each(NAMES)('%s: no segment is lost or doubled, whatever is mixed, left out and put in', (name) => {
    const damage = fc.record({
      from: fc.array(fc.nat(), { maxLength: 4 }),
      strange: fc.array(fc.tuple(fc.nat(), fc.constantFrom('ZPI', 'NTE', 'OBX', 'PV1', 'PID', 'ORC', 'OBR', 'XYZ')), {
        maxLength: 3,
      }),
      without: fc.array(fc.nat(), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(arrangementOf(structureNamed(name)!.content), damage, (made, { from, strange, without }) => {
        const names = made.flat.slice(1).map((one) => one.name);
        for (const at of from) names.push(...names.splice(at % names.length, 1));
        for (const at of without) names.splice(at % (names.length + 1), 1);
        for (const [at, one] of strange) names.splice(at % (names.length + 1), 0, one);
        const segments = segmentsOf(['MSH', ...names]);
        const { root, unknown } = arrange(segments, structureNamed(name)!, (group) => group);
        const found = everySegment(root);
        expect(found).toHaveLength(segments.length);
        expect(new Set(found)).toEqual(new Set(segments));
        expect(unknown.map((one) => one.name)).toEqual(
          segments.map((one) => one.name).filter((one) => !structureNamed(name)!.content.holds.has(one)),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('what stands out of order goes where a person would look for it', () => {
  const at = (structure: string, names: string) => brief(arranged(structure, `MSH ${names}`.split(' ')).root);
  const told = (structure: string, names: string) =>
    arranged(structure, `MSH ${names}`.split(' ')).unexpected.map(({ name }) => name);

  test.each([
    ['ORU_R01', 'PID ORC OBR OBX PV1 PV2 OBX', 'MSH ((PID (PV1 PV2)) (OBR (ORC) (OBX) (OBX)))', ['PV1']],
    ['ORU_R01', 'PID SPM ORC OBR OBX', 'MSH ((PID) (OBR (SPM (OBX)) (ORC)))', ['SPM', 'ORC', 'OBR']],
    ['ORU_R01', 'PID ORC OBX OBX', 'MSH ((PID) ((ORC) (OBX) (OBX)))', []],
    ['ORU_R01', 'PID ORC ORC OBR', 'MSH ((PID) ((ORC)) (OBR (ORC)))', []],
    ['ORU_R01', 'PID PV1 OBX', 'MSH ((PID (PV1) (OBX)))', ['OBX']],
    ['ORM_O01', 'PID ORC OBR OBX DG1 OBX', 'MSH (PID) (ORC (OBR DG1 (OBX) (OBX)))', ['DG1']],
    ['ORM_O01', 'PID ORC OBR OBR ORC OBR', 'MSH (PID) (ORC (OBR)) ((OBR)) (ORC (OBR))', ['OBR']],
    ['ADT_A01', 'PID IN1 IN2 PV1 IN3 PR1 ROL PID', 'MSH PID PV1 PID (IN1 IN2 IN3) (PR1 ROL)', ['PV1', 'PR1', 'PID']],
    ['VXU_V04', 'PID ORC RXA NTE RXR OBX NTE', 'MSH PID (RXA NTE RXR (ORC) (OBX NTE))', ['NTE']],
    ['SIU_S12', 'SCH PID AIP AIL NTE', 'MSH SCH (PID) ((AIP) (AIL NTE))', ['AIP', 'AIL']],
  ])('%s: %s', (structure, names, expected, unexpected) => {
    expect(at(structure, names)).toBe(expected);
    expect(told(structure, names)).toEqual(unexpected);
  });

  test('unknown segments stay with what stands above, those of the person with the message', () => {
    expect(at('ORU_R01', 'PID OBR OBX ZOB DG1 OBX')).toBe('MSH DG1 ((PID) (OBR (OBX ZOB) (OBX)))');
  });

  test('told once for each name, with their number', () => {
    const issues = structureIssues(
      'ORU_R01',
      arranged('ORU_R01', ['MSH', 'PID', 'ORC', 'ZXX', 'ZXX', 'DG1', 'PV1', 'ORC']),
    );
    expect(issues.map(({ code, path, severity }) => [code, path, severity])).toEqual([
      ['structure.unexpected', 'PV1', 'warning'],
      ['structure.unknown', 'ZXX', 'information'],
      ['structure.unknown', 'DG1', 'warning'],
      ['structure.missing', 'OBR', 'warning'],
    ]);
    expect(issues[1]!.detail).toContain('2 such segments');
    expect(issues[3]!.detail).toContain('2 times');
  });
});

describe('the structure follows from the event', () => {
  test.each([
    ['MSH|^~\\&|||||||ADT^A08^ADT_A01', 'ADT_A01'],
    ['MSH|^~\\&|||||||ADT^A08', 'ADT_A01'],
    ['MSH|^~\\&|||||||ADT^A40', 'ADT_A39'],
    ['MSH|^~\\&|||||||ADT^A04^ADT_A04', 'ADT_A01'],
    ['MSH|^~\\&|||||||ADT\rEVN|A34', 'ADT_A30'],
    ['MSH|^~\\&|||||||ORU', 'ORU_R01'],
    ['MSH|^~\\&|||||||ORU_R01', 'ORU_R01'],
    ['MSH|^~\\&|||||||ORU^^ORU_R01', 'ORU_R01'],
    ['MSH|^~\\&|||||||ORU^Z01^ORU_R01', 'ORU_R01'],
    ['MSH|^~\\&|||||||RDE^O01', 'RDE_O11'],
    ['MSH|^~\\&|||||||ORU^Z01', undefined],
    ['MSH|^~\\&|||||||constructor^x^toString', undefined],
  ])('%s', (text, expected) => {
    const { segments } = readMessage(Buffer.from(text), undefined);
    expect(structureOf(eventOf(segments))?.name).toBe(expected);
  });
});

describe('the notation', () => {
  test.each([
    ['MSH PID)', 'a ) too many'],
    ['MSH ORDER(ORC', 'a ) is missing'],
    ['MSH ORDER', 'ORDER is no segment'],
    ['MSH <OBR|RXO', 'a > is missing'],
    ['? MSH', '? stands where'],
    ['MSH pid', 'cannot be read at "pid"'],
  ])('%s', (text, fault) => {
    expect(() => parseStructure('X', text)).toThrow(fault);
  });
});
