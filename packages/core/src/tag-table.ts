import { GRAVWELL_TAG, GRAVWELL_TAG_NAME, type MuxerTag } from '@ringest/codec';
import { UnknownTagError } from './errors.js';

/** The muxer's own tag numbers: 0, 1, 2 … in the order of the names, and 0xFFFF for `gravwell`. */
export class TagTable {
  readonly names: readonly string[];
  readonly #numbers: ReadonlyMap<string, MuxerTag>;

  /** @param names checked, each once, without `gravwell` */
  constructor(names: readonly string[]) {
    this.names = names;
    this.#numbers = new Map([
      ...names.map((name, i) => [name, i as MuxerTag] as const),
      [GRAVWELL_TAG_NAME, GRAVWELL_TAG],
    ]);
  }

  /** Whether entries may carry the number. */
  has(tag: number): boolean {
    return (tag >= 0 && tag < this.names.length && Number.isInteger(tag)) || tag === GRAVWELL_TAG;
  }

  /** @throws {UnknownTagError} */
  get(name: string): MuxerTag {
    const tag = this.#numbers.get(name.trim());
    if (tag === undefined) throw new UnknownTagError(name);
    return tag;
  }

  lookup(tag: number): string | undefined {
    return tag === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : this.names[tag];
  }
}
