/** Data types one by one, on single elements. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberText } from '../../../core/json.ts';
import { openXml } from '../../../core/xml/open.ts';
import { codeMapping, Draft } from '../../draft.ts';
import { isIdCard } from '../header/id-card.ts';
import { CDA_XML } from '../names.ts';
import { narrativeOf } from '../narrative.ts';
import { deniesAllergies } from '../wst500/clinical.ts';
import { conceptOf } from './codes.ts';
import { namesOf, telecomsOf } from './contact.ts';
import { identifierOf } from './ids.ts';
import { uriOf } from './oids.ts';
import { intervalOf, quantityOf } from './quantity.ts';
import { dateTimeOf, periodOf } from './times.ts';
import { observedValue } from './values.ts';

const hospital = { id: 'h', name: 'H', timezone: 'America/New_York', patientSystem: 'urn:oid:1.2.3.1' };
const draft = () => new Draft({ hospital, feed: 'f', receivedAt: '' }, codeMapping('t', '1'));
const element = (text: string) =>
  openXml(new TextEncoder().encode(text.replace(/^<(\w+)/, '<$1 xmlns="urn:hl7-org:v3"')), CDA_XML);

describe('II', () => {
  const id = (attributes: string) => {
    const found = identifierOf(element(`<id ${attributes}/>`), { hospital });
    return found && `${found.system}|${found.value}`;
  };
  it.each([
    ['root="2.16.840.1.113883.4.6" extension="123"', 'http://hl7.org/fhir/sid/us-npi|123'],
    ['root="1.2.3" extension=" A  1 "', 'urn:oid:1.2.3|A 1'],
    ['root="1.2.3"', 'urn:ietf:rfc:3986|urn:oid:1.2.3'],
    ['root="D3ADBEEF-0000-4000-8000-000000000001"', 'urn:ietf:rfc:3986|urn:uuid:d3adbeef-0000-4000-8000-000000000001'],
    ['root="2.16.156.10011.1.13" extension="7"', 'urn:oid:1.2.3.1|7'],
    ['root="2016.156.1" extension="7"', 'urn:dhc:hospital:h:cda:2016.156.1|7'],
  ])('%s', (attributes, expected) => expect(id(attributes)).toBe(expected));

  it.each(['nullFlavor="NI"', 'root="1.2.3" nullFlavor="UNK"', 'root="2.16.156.10011.1.12" extension="-"', ''])(
    'nothing of %s',
    (attributes) => expect(id(attributes)).toBeUndefined(),
  );
});

describe('PQ, IVL_PQ, MO, INT', () => {
  it('keeps every digit of any decimal', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat({ max: 9999 }), (whole, fraction) => {
        const text = `${whole}.${fraction}0`;
        return numberText(quantityOf(element(`<value value="${text}"/>`))!.value!) === text;
      }),
    );
  });

  it.each([
    ['<value value="+.50" unit="mmHg"/>', '0.50', 'mm[Hg]'],
    ['<value value="007" unit="℃"/>', '7', 'Cel'],
    ['<value value="12.00" currency="CNY"/>', '12.00', 'CNY'],
    ['<value value="3" unit="片"/>', '3', undefined],
  ])('%s', (text, value, code) => {
    const found = quantityOf(element(text))!;
    expect([numberText(found.value!), found.code]).toEqual([value, code]);
  });

  it('makes no number of words', () => {
    for (const text of ['-', '', 'abc', '1+', '3.9-6.1', '1e999', 'NaN', 'Infinity', '0x10'])
      expect(quantityOf(element(`<value value="${text}"/>`))).toBeUndefined();
  });

  it('reads half an interval as a comparator', () => {
    expect(intervalOf(element('<value><low value="5" inclusive="false"/></value>'))?.quantity?.comparator).toBe('>');
    expect(intervalOf(element('<value><high value="5"/></value>'))?.quantity?.comparator).toBe('<=');
  });
});

describe('TS and IVL_TS', () => {
  it.each([
    ['2019', '2019'],
    ['201902', '2019-02'],
    ['20190228', '2019-02-28'],
    ['2019022809', '2019-02-28'],
    ['201902280930+0800', '2019-02-28T09:30:00+08:00'],
    ['20190228093015.123-0530', '2019-02-28T09:30:15.123-05:30'],
    // Winter and summer of the hospital's zone.
    ['20190228093015', '2019-02-28T09:30:15-05:00'],
    ['20190728093015', '2019-07-28T09:30:15-04:00'],
  ])('%s', (text, expected) => expect(dateTimeOf(element(`<time value="${text}"/>`), draft())).toBe(expected));

  it.each(['20190229', '00000000', '19000101', '2019-13-01', 'soon', '201902282560'])('no time: %s', (text) => {
    expect(dateTimeOf(element(`<time value="${text}"/>`), draft())).toBeUndefined();
  });

  it('keeps the start of an interval that ends before it', () => {
    const made = periodOf(element('<time><low value="20200102"/><high value="20200101"/></time>'), draft());
    expect(made).toEqual({ start: '2020-01-02' });
  });
});

describe('values by type', () => {
  const value = (type: string, rest: string) =>
    observedValue(element(`<value xsi:type="${type}" ${rest}`), draft()) as Record<string, unknown>;

  it('never loses what does not have the form of its type', () => {
    expect(value('PQ', 'value="1+" unit="x"/>')).toEqual({ valueString: '1+' });
    expect(value('BL', 'value="maybe"/>')).toEqual({ valueString: 'maybe' });
    expect(value('INT', 'value="12345678901"/>')).toEqual({ valueQuantity: { value: 12345678901 } });
  });

  it('says why a value is absent', () => {
    expect(JSON.stringify(value('PQ', 'nullFlavor="NASK"/>'))).toContain('"not-asked"');
    expect(JSON.stringify(value('ST', '>-</value>'))).toContain('"unknown"');
  });
});

it('knows published URIs, and gives every other OID its own', () => {
  expect(uriOf('2.16.840.1.113883.12.292')).toBe('http://hl7.org/fhir/sid/cvx');
  expect(uriOf('2.16.840.1.113883.5.83')).toBe('http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation');
  expect(uriOf('2.16.156.10011.2.3.3.11')).toBe('urn:oid:2.16.156.10011.2.3.3.11');
  expect(uriOf('2.9999.01')).toBeUndefined();
});

it('keeps code, translations and original text', () => {
  const code =
    '<code nullFlavor="OTH"><originalText>Rash</originalText><translation code="L20" codeSystem="2.16.840.1.113883.6.90"/></code>';
  expect(conceptOf(element(code))).toEqual({
    coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'L20' }],
    text: 'Rash',
  });
});

it('reads names in parts and whole, and telecoms without a scheme', () => {
  const names = namesOf(
    element(
      '<patient><name use="L"><given>A</given><family>B</family></name><name>张三</name><name nullFlavor="UNK"/></patient>',
    ),
  );
  expect(names.map((n) => n.text ?? `${n.given} ${n.family}`)).toEqual(['A B', '张三']);
  const telecoms = telecomsOf(
    element('<x><telecom value="tel:+1(555)1"/><telecom value="555-0101"/><telecom value="mailto:a@b.c"/></x>'),
  );
  expect(telecoms.map((t) => `${t.system} ${t.value}`)).toEqual(['phone +1(555)1', 'phone 555-0101', 'email a@b.c']);
});

it('gives every word of a narrative, whatever stands where', () => {
  const text =
    '<text><table>a<caption>b</caption><tr>c<td>d</td><foo>e</foo></tr></table><list>f<item>g</item></list><bar>h</bar></text>';
  const div = narrativeOf(element(text))!.div;
  expect(div.replace(/<[^>]*>/g, '')).toBe('abcdefgh');
  expect(div).not.toMatch(/<(foo|bar)/);
});

it.each([
  ['否认药物及食物过敏史', true],
  ['无', true],
  ['否认食物过敏，无药物过敏史', true],
  ['否认食物过敏史，对青霉素过敏', false],
  ['青霉素', false],
  ['', false],
])('denial: %s', (text, denied) => expect(deniesAllergies(text)).toBe(denied));

it('checks id card numbers by ISO 7064 MOD 11-2', () => {
  // The example number of GB 11643-1999.
  expect(isIdCard('11010519491231002X')).toBe(true);
  expect(isIdCard('110105194912310021')).toBe(false);
  expect(isIdCard('110105194913310020')).toBe(false);
});
