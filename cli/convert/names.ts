/** Names of output files. */

/** Endings that are dropped from an input's name; `1.2.840` keeps all its parts. */
const SUFFIX = /\.(?:hl7|er7|txt|dat|msg|xml|cda|json|ndjson|csv|tsv|dcm|dicom|ima)$/i;

/** Gives each input its own output name: the stem, or the whole name where the stem is taken. */
export class OutputNames {
  readonly #taken = new Set<string>();

  /** @param key relative path of the input with `/` */
  of(key: string): string {
    const stem = key.replace(SUFFIX, '');
    let name = this.#taken.has(stem) || /(?:^|\/)$/.test(stem) ? key : stem;
    for (let count = 2; this.#taken.has(name); count++) name = `${key}-${count}`;
    this.#taken.add(name);
    return name;
  }
}
