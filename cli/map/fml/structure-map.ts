/** StructureMap as JSON (R4, R5) → model. */
import { isTree } from '../../../normalizer/tree.ts';
import { type FmlGroup, type FmlMap, type FmlParameter, type FmlRule, fmlFault } from './model.ts';

type Json = Readonly<Record<string, unknown>>;

export function readStructureMap(text: string): FmlMap {
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch {
    throw fmlFault(1, 'the file is no JSON');
  }
  if (!isTree(map) || map.resourceType !== 'StructureMap') throw fmlFault(1, 'the file is no StructureMap');
  let number = 0;

  const rule = (json: Json): FmlRule => ({
    line: ++number,
    sources: list(json.source).map((source) => ({
      context: said(source.context) ?? '',
      ...optional('element', said(source.element)),
      ...optional('variable', said(source.variable)),
      ...optional('condition', said(source.condition)),
      extra: ['check', 'listMode', 'type'].filter((part) => source[part] !== undefined),
    })),
    targets: list(json.target).map((target) => ({
      ...optional('context', said(target.context)),
      ...optional('element', said(target.element)),
      ...optional('transform', said(target.transform)),
      ...optional('variable', said(target.variable)),
      parameters: list(target.parameter).map(parameter),
    })),
    rules: list(json.rule).map(rule),
    // R4: `variable`, a list of names; R5: `parameter`.
    calls: list(json.dependent).map((call) => ({
      group: said(call.name) ?? '',
      parameters: Array.isArray(call.variable)
        ? call.variable.map(String)
        : list(call.parameter).map((p) => said(p.valueId) ?? ''),
    })),
  });

  const groups = list(map.group).map(
    (json): FmlGroup => ({
      name: said(json.name) ?? '',
      line: number + 1,
      ...optional('extends', said(json.extends)),
      inputs: list(json.input).map((input) => ({
        mode: input.mode === 'target' ? 'target' : 'source',
        name: said(input.name) ?? '',
        ...optional('type', said(input.type)),
      })),
      rules: list(json.rule).map(rule),
    }),
  );
  return {
    url: said(map.url) ?? '',
    name: said(map.name) ?? '',
    uses: new Map(
      list(map.structure).map(({ url, alias }) => [said(alias) ?? said(url)?.split('/').at(-1) ?? '', said(url) ?? '']),
    ),
    imports: Array.isArray(map.import) ? map.import.map(String) : [],
    conceptMaps: list(map.contained)
      .filter(({ resourceType }) => resourceType === 'ConceptMap')
      .map(contained),
    groups,
  };
}

function contained(map: Json) {
  const codes = list(map.group).flatMap((group) =>
    list(group.element).flatMap((element) =>
      list(element.target).flatMap((target) => {
        const [source, code, system] = [said(element.code), said(target.code), said(group.target)];
        return source && code ? [{ source, target: code, ...optional('system', system) }] : [];
      }),
    ),
  );
  return { name: said(map.id) ?? '', codes };
}

function parameter(json: Json): FmlParameter {
  const variable = said(json.valueId);
  if (variable !== undefined) return { variable };
  const literal = json.valueString ?? json.valueInteger ?? json.valueDecimal ?? json.valueBoolean;
  return { literal: typeof literal === 'number' || typeof literal === 'boolean' ? literal : String(literal ?? '') };
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isTree) : [];
}

function said(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
