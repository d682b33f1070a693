/** Messages made by chance, in the shape of their structures and data types; see `encode.ts` for their bytes. */
import { componentsOf, type FieldType } from './datatypes.ts';
import { EVENTS, type Event } from './events.ts';
import { Leaves } from './leaves.ts';
import { Random } from './random.ts';
import { fieldsOf, SEGMENTS } from './segments.ts';

/** A component: one text, or its sub-components. Texts are as people mean them, without escapes; `""` is the null. */
export type Component = string | readonly string[];
export type Repetition = readonly Component[];
export type Field = readonly Repetition[];

export interface SegmentModel {
  readonly name: string;
  /** Field 1 first; those of MSH begin with MSH-3. */
  readonly fields: readonly Field[];
}

export interface MessageModel {
  /** `ADT^A01` */
  readonly event: string;
  readonly segments: readonly SegmentModel[];
}

const VERSIONS = ['2.1', '2.2', '2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.7.1', '2.8', '2.9', '', '9.9'];
const HUGE = 20_000;

/** The same seed makes the same message of the same events. */
export function generateMessage(seed: number, events: readonly Event[] = EVENTS): MessageModel {
  return new Generator(seed).message(events);
}

class Generator {
  readonly #random: Random;
  readonly #leaves: Leaves;
  /** One field in so many is filled. */
  readonly #sparse: number;
  readonly #nulls: boolean;
  readonly #huge: boolean;
  readonly #disorder: boolean;
  #valueType = 'ST';

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#leaves = new Leaves(this.#random);
    this.#sparse = this.#random.pick([1, 2, 2, 4, 8]);
    this.#nulls = this.#random.once(4);
    this.#huge = this.#random.once(40);
    this.#disorder = this.#random.once(4);
  }

  message(events: readonly Event[]): MessageModel {
    const event = this.#random.pick(events);
    const body = this.#walk(event.structure.match(/[[\]{}]|\w+/g)!, { at: 0 }).map((name) => this.#segment(name));
    return {
      event: event.name,
      segments: [this.#header(event.name), ...(this.#disorder ? this.#disturb(body) : body)],
    };
  }

  /** Names of segments, as chance reads the structure up to its end or to the bracket that closes this part. */
  #walk(tokens: readonly string[], place: { at: number }): string[] {
    const names: string[] = [];
    while (place.at < tokens.length) {
      const token = tokens[place.at]!;
      place.at += 1;
      if (token === ']' || token === '}') return names;
      if (token !== '[' && token !== '{') {
        names.push(token);
        continue;
      }
      const start = place.at;
      const times = token === '[' ? this.#random.below(2) : this.#random.pick([0, 1, 1, 2, 3]);
      for (let turn = 0; turn < Math.max(times, 1); turn += 1) {
        place.at = start;
        const inner = this.#walk(tokens, place);
        if (turn < times && names.length < 60) names.push(...inner);
      }
    }
    return names;
  }

  #header(event: string): SegmentModel {
    const [code, trigger] = event.split('^');
    const type: Repetition = this.#random.once(3) ? [code!, trigger!, `${code}_${trigger}`] : [code!, trigger!];
    const version = this.#random.pick(VERSIONS);
    const sent = this.#random.pick(['20260105083000', '20260105083000+0800', '202601050830', '']);
    const own = (name: string): Field => [[name]];
    const fields = [own('HIS'), own(this.#leaves.unique()), own('DHC'), own('CG'), own(sent), [], [type]];
    return { name: 'MSH', fields: [...fields, own(this.#leaves.unique()), own('P'), version ? own(version) : []] };
  }

  #segment(name: string): SegmentModel {
    const own = this.#sparse > 1 && this.#random.once(6) ? 1 : this.#sparse;
    const fields = fieldsOf(name).map((type, index) => {
      const key = /^(PID-3|OBX-[235]|OBR-[34]|PV1-(2|19)|MRG-1|AL1-3|DG1-3|ORC-1)$/.test(`${name}-${index + 1}`);
      return this.#random.once(key ? 1 : own) && !(key && this.#random.once(12)) ? this.#field(type) : [];
    });
    return { name, fields };
  }

  #field(type: FieldType): Field {
    if (this.#nulls && this.#random.once(10)) return [['""']];
    const times = type.repeats ? this.#random.pick([1, 1, 1, 2, 3]) : this.#random.once(30) ? 2 : 1;
    return Array.from({ length: times }, () => this.#repetition(type));
  }

  #repetition({ type, table }: FieldType): Repetition {
    if (type === 'OBXT') this.#valueType = this.#leaves.text('OBXT', undefined);
    const named = type === 'OBXT' ? this.#valueType : undefined;
    if (named !== undefined) return [named];
    const real = type === 'VAR' ? this.#valueType.toUpperCase() : type;
    const parts = componentsOf(real);
    if (!parts) return [this.#leaf(real, table)];
    return parts.map((part, index) => this.#component(part, index, table));
  }

  #component(part: FieldType, index: number, table: string | undefined): Component {
    if (index > 0 && !this.#random.once(Math.min(this.#sparse + 1, 3))) return '';
    if (this.#nulls && this.#random.once(30)) return '""';
    const inner = componentsOf(part.type);
    if (!inner) return this.#leaf(part.type, part.table ?? (index === 0 ? table : undefined));
    return inner.map((sub, at) => (at === 0 || this.#random.once(3) ? this.#leaf(sub.type, sub.table) : ''));
  }

  #leaf(type: string, table: string | undefined): string {
    const inner = componentsOf(type);
    if (inner) return this.#leaf(inner[0]!.type, inner[0]!.table);
    const text = this.#leaves.text(type, table);
    return this.#huge && this.#random.once(200) ? text.repeat(Math.ceil(HUGE / text.length)) : text;
  }

  /** Segments that are missing, doubled, out of order, or of somebody else. */
  #disturb(body: readonly SegmentModel[]): SegmentModel[] {
    const made = [...body];
    for (let turn = this.#random.below(4); turn >= 0 && made.length > 0; turn -= 1) {
      const [one, two] = [this.#random.below(made.length), this.#random.below(made.length)];
      const kind = this.#random.below(5);
      if (kind === 0) [made[one], made[two]] = [made[two]!, made[one]!];
      else if (kind === 1) made.splice(one, 1);
      else if (kind === 2) made.splice(two, 0, made[one]!);
      else made.splice(one, 0, this.#segment(kind === 3 ? 'ZPI' : this.#random.pick(SEGMENTS)));
    }
    return made;
  }
}
