/** Which fields of an item are populated, whatever stands in them: items that are populated alike have one shape. */

/** All shapes of one feed with what is known of them; all of it is forgotten when it becomes too much. */
export class Shapes {
  root: Shape;
  #steps = 0;
  #plans = 0;

  constructor() {
    this.root = new Shape(this);
  }

  count(steps: number, plans: number): void {
    this.#steps += steps;
    this.#plans += plans;
    if (this.#steps < MOST_STEPS && this.#plans < MOST_PLANS) return;
    this.root = new Shape(this);
    this.#steps = 0;
    this.#plans = 0;
  }
}

const MOST_STEPS = 8192;
const MOST_PLANS = 16_384;

/** Reached from the root in steps, each of which says a part of what is populated. */
export class Shape {
  readonly #shapes: Shapes;
  readonly #next = new Map<string | number, Shape>();
  /** List of rules → what is known of it. */
  readonly plans = new Map<object, unknown>();
  /** Items that had it; one that comes once is not worth a plan. */
  seen = 0;

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  step(part: string | number): Shape {
    let next = this.#next.get(part);
    if (!next) {
      next = new Shape(this.#shapes);
      this.#next.set(part, next);
      this.#shapes.count(1, 0);
    }
    return next;
  }

  plan(rules: object, plan: unknown): void {
    if (!this.plans.has(rules)) this.#shapes.count(0, 1);
    this.plans.set(rules, plan);
  }
}
