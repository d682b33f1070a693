/** Smoking Status (template 4.78), Tobacco Use (4.85), Social History and Pregnancy Observation → Observation. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { Cda } from '../document.ts';
import { addObservation } from './observation.ts';

export function mapSocial(cda: Cda, statement: XmlElement): string[] | undefined {
  if (statement.name !== 'observation' || statement.attr('moodCode') === 'INT' || !statement.child('code'))
    return undefined;
  return [addObservation(cda, statement, 'social-history', 'social')];
}
