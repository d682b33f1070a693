/** Whose record a FHIR resource is. */
import type { PatientIdentifier } from '../../core/types.ts';
import type { NormalizeContext } from '../context.ts';
import { isTree } from '../tree.ts';

type Resource = fhir4.FhirResource;

/** Elements that name the person whom a resource is about, in the order in which R4's patient compartment prefers them. */
const SUBJECTS = ['patient', 'subject', 'beneficiary', 'individual', 'for'] as const;

/**
 * A Patient owns itself by its identifier in the hospital's own system, else by its id on this server. Other resources
 * belong to the Patient that they refer to; where that Patient is not in the item, by its id on this server
 * (docs/decisions/0053).
 */
export function ownerOf(
  resource: Resource,
  together: readonly Resource[],
  context: NormalizeContext,
): PatientIdentifier | null {
  if (resource.resourceType === 'Patient') return ofPatient(resource, context);
  if (resource.resourceType === 'Bundle') return ofBundle(resource, context);
  const reference = subjectOf(resource);
  if (!reference) return null;
  const own = reference.identifier;
  if (own?.value && own.system && own.system === context.hospital.patientSystem)
    return { system: own.system, value: own.value };
  const target = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference.reference ?? '');
  if (!target) return null;
  const present = together.find((one) => one.resourceType === 'Patient' && one.id === target[1]);
  return present ? ofPatient(present as fhir4.Patient, context) : serverIdentifier(target[1]!, context);
}

function ofPatient(patient: fhir4.Patient, context: NormalizeContext): PatientIdentifier | null {
  const { patientSystem } = context.hospital;
  const identifiers = Array.isArray(patient.identifier) ? patient.identifier : [];
  const own = patientSystem ? identifiers.find((one) => one?.system === patientSystem && one.value) : undefined;
  if (own) return { system: patientSystem!, value: own.value! };
  return patient.id ? serverIdentifier(patient.id, context) : null;
}

/** A document or message Bundle that stays whole: the Patient within, or the one its first resource is about. */
function ofBundle(bundle: fhir4.Bundle, context: NormalizeContext): PatientIdentifier | null {
  const resources = (Array.isArray(bundle.entry) ? bundle.entry : []).flatMap(
    (entry) => (entry?.resource as Resource) ?? [],
  );
  for (const resource of resources) {
    const owner = resource.resourceType === 'Bundle' ? null : ownerOf(resource, resources, context);
    if (owner) return owner;
  }
  return null;
}

function serverIdentifier(id: string, context: NormalizeContext): PatientIdentifier {
  return { system: `urn:dhc:${context.hospital.id}:fhir:${context.feed}:Patient`, value: id };
}

function subjectOf(resource: Resource): fhir4.Reference | undefined {
  for (const name of SUBJECTS) {
    const value = (resource as unknown as Record<string, unknown>)[name];
    if (isTree(value)) return value as fhir4.Reference;
  }
  return undefined;
}
