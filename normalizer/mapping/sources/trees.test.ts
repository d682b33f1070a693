/** Plain XML and JSON items. */
import { expect, test } from 'vitest';
import { canonicalJson, numberText } from '../../../core/json.ts';
import { compileMap, runMap } from '../index.ts';
import { context, load, resources } from '../testing/compile.ts';

function convert(map: string, item: string) {
  const kind = /^source: (\w+)$/m.exec(map)![1] as never;
  const compiled = compileMap(map, 'm.yaml', { load });
  return runMap(compiled, { kind, sourceKey: 'k', bytes: new TextEncoder().encode(item) }, context);
}

const items = (each: string, id: string, code: string, value: string) => `resources:
  - Patient: p
    key: [!owner ]
    identifier: { system: urn:p, value: ${id} }
  - Observation: o
    each: ${each}
    key: [!owner , ${code}]
    status: final
    code: { text: ${code} }
    subject: !ref p
    value: !labValue ${value}
`;

test('XML with a name space that the document gives another prefix', () => {
  const made = convert(
    `map: t
version: 1.0.0
source: xml
match: { root: 'l:report' }
namespaces: { l: 'urn:lis' }
owner: { system: urn:p, value: $l:patient/@id }
${items('$l:item[@kind="lab"][*]', '$l:patient/@id', '$@code', '$l:result')}`,
    '<x:report xmlns:x="urn:lis"><x:patient id="7"/><x:item kind="lab" code="K"><x:result>5.60</x:result></x:item>' +
      '<x:item kind="note" code="N"/><x:item kind="lab" code="钠"><x:result>阴性</x:result></x:item></x:report>',
  );
  const [first, second] = resources<fhir4.Observation>(made, 'Observation');
  expect([first!.code.text, numberText(first!.valueQuantity!.value!)]).toEqual(['K', '5.60']);
  expect(second).toMatchObject({ code: { text: '钠' }, valueString: '阴性' });
  expect(made.coverage!.left).toMatchObject({ '/l:report/l:item/@code': 1 });
});

test('JSON with nested lists; a number keeps its text', () => {
  const made = convert(
    `map: t
version: 1.0.0
source: json
match: { fields: [patient, items] }
owner: { system: urn:p, value: $patient.id }
${items('$items[*]', '$/patient.id', '$code', '$result.value')}`,
    '{"patient":{"id":"7","note":"x"},"items":[{"code":"K","result":{"value":5.60}},{"code":"NA","result":{"value":"1:40"}}]}',
  );
  const [first, second] = resources<fhir4.Observation>(made, 'Observation');
  expect(numberText(first!.valueQuantity!.value!)).toBe('5.60');
  expect(JSON.parse(canonicalJson(second))).toMatchObject({ valueRatio: { denominator: { value: 40 } } });
  expect(Object.keys(made.coverage!.left)).toEqual(['patient.note']);
});
