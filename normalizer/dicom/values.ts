/** DICOM values → FHIR: names, times, codes. */
import type { DicomDataset } from '../../core/dicom/dataset.ts';
import { dateOf, pointInTime } from '../shared/datetime.ts';
import { humanName } from '../shared/name.ts';
import { codeSystem } from '../shared/systems.ts';
import { type Instance, type Study, textIn } from './study.ts';

const REPRESENTATIONS = ['ABC', 'IDE', 'SYL'] as const;

/** PN (PS3.5 §6.2.1): groups by `=` (alphabetic, ideographic, phonetic), components by `^`. */
export function namesOf(text: string | undefined): fhir4.HumanName[] {
  const groups = (text ?? '').split('=').slice(0, 3);
  const single = groups.filter((group) => group.trim()).length < 2;
  return groups.flatMap((group, n) => {
    const [family, given, middle, prefix, suffix] = group.split('^').map((part) => part.trim() || undefined);
    const name = humanName({
      family,
      given: [given, middle],
      prefix: [prefix],
      suffix: [suffix],
      representation: single && n === 0 ? undefined : REPRESENTATIONS[n],
    });
    return name ?? [];
  });
}

/**
 * DA and TM of the same stem → dateTime. The offset is TimezoneOffsetFromUTC (PS3.3 C.12.1.1.8), else the hospital's
 * zone with an issue.
 */
export function dateTimeOf(study: Study, stem: 'Study' | 'Series', instances: readonly Instance[]): string | undefined {
  const date = study.text(`${stem}Date`, instances)?.replaceAll('.', '');
  const time = study.text(`${stem}Time`, instances)?.replaceAll(':', '') ?? '';
  const offset = study.text('TimezoneOffsetFromUTC', instances) ?? '';
  if (!date) return undefined;
  const known = /^[+-]\d{4}$/.test(offset) ? offset : '';
  const clock = /^\d{4,6}(\.\d{1,6})?$/.test(time) ? time : '';
  const point = pointInTime(date + clock + (clock ? known : ''), study.draft.context.hospital.timezone);
  if (typeof point === 'string') return fault(study, `${stem}Date`, point);
  if (!point.zoned)
    study.draft.issue(
      'information',
      'field.no-zone',
      `${stem}Time`,
      "the time has no offset; the hospital's zone was used",
    );
  return point.value;
}

export function birthDateOf(study: Study): string | undefined {
  const text = study.text('PatientBirthDate')?.replaceAll('.', '');
  if (!text) return undefined;
  const date = dateOf(text);
  return date === 'invalid' || date === 'placeholder' ? fault(study, 'PatientBirthDate', date) : date;
}

function fault(study: Study, keyword: string, found: 'invalid' | 'placeholder'): undefined {
  if (found === 'invalid') study.draft.issue('warning', 'field.invalid', keyword, 'the value is no date that exists');
  else study.draft.issue('information', 'field.placeholder', keyword, 'a placeholder for a missing date was left out');
}

/** Code sequence item (PS3.3 §8) → Coding. */
export function codingOf(study: Study, item: DicomDataset): fhir4.Coding | undefined {
  const code = textIn(item, 'CodeValue')?.replace(/\s+/g, ' ').trim();
  const display = textIn(item, 'CodeMeaning');
  if (!code) return undefined;
  const system = codeSystem(textIn(item, 'CodingSchemeDesignator'), study.draft.context);
  return { ...(system ? { system } : {}), code, ...(display ? { display } : {}) };
}

export function conceptsOf(study: Study, items: readonly DicomDataset[]): fhir4.CodeableConcept[] {
  return items.flatMap((item) => {
    const coding = codingOf(study, item);
    return coding ? [{ coding: [coding] }] : [];
  });
}
