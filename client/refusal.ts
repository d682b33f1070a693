/** The one answer to anything that cannot be opened; it does not say which check failed. */
export class CannotOpen extends Error {
  constructor() {
    super('the sealed bytes cannot be opened');
    this.name = 'CannotOpen';
  }
}

/** What was read from chain or store does not hold. Its text names no value. */
export class Refuted extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'Refuted';
  }
}
