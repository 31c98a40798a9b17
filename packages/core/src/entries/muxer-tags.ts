import { checkTag, GRAVWELL_TAG, GRAVWELL_TAG_NAME, MAX_TAGS, type MuxerTag } from '@ringest/codec';
import {
  InvalidArgumentError,
  TagRefusedError,
  TooManyTagsError,
  UnknownTagError,
} from '../errors.js';

/** The muxer's own tag numbers: 0, 1, 2 … in the order of the names, and 0xFFFF for `gravwell`. */
export class MuxerTags {
  readonly #names: string[];
  readonly #numbers: Map<string, MuxerTag>;
  /** Tags that no indexer takes at present; `undefined`: none. */
  #refused: ReadonlySet<number> | undefined;

  /** @param names checked, each once, without `gravwell` */
  constructor(names: readonly string[]) {
    this.#names = [...names];
    this.#numbers = new Map([
      ...names.map((name, i) => [name, i as MuxerTag] as const),
      [GRAVWELL_TAG_NAME, GRAVWELL_TAG],
    ]);
  }

  /** The index is the number. It grows when a tag is added. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Whether entries may carry the number. */
  has(tag: number): boolean {
    if (this.#refused?.has(tag)) return false;
    return (tag >= 0 && tag < this.#names.length && Number.isInteger(tag)) || tag === GRAVWELL_TAG;
  }

  /** Why entries may not carry a number. */
  problem(tag: number): UnknownTagError | TagRefusedError {
    return this.#refused?.has(tag) ? this.refusal(tag) : new UnknownTagError(tag);
  }

  /** What those are told who have to do with a tag that no indexer takes. */
  refusal(tag: number): TagRefusedError {
    return new TagRefusedError(this.lookup(tag) ?? `${tag}`);
  }

  /**
   * @throws {InvalidArgumentError} no text
   * @throws {UnknownTagError}
   */
  get(name: string): MuxerTag {
    checkName(name);
    const tag = this.#numbers.get(name.trim());
    if (tag === undefined) throw new UnknownTagError(name);
    return tag;
  }

  /**
   * The number of a name, a new one if it has none yet.
   * @throws {InvalidArgumentError} no text
   * @throws {InvalidTagError}
   * @throws {TooManyTagsError}
   */
  add(name: string): { readonly tag: MuxerTag; readonly name: string; readonly isNew: boolean } {
    checkName(name);
    const checked = checkTag(name);
    const known = this.#numbers.get(checked);
    if (known !== undefined) return { tag: known, name: checked, isNew: false };
    if (this.#names.length >= MAX_TAGS) throw new TooManyTagsError(checked, MAX_TAGS);
    const tag = this.#names.length as MuxerTag;
    this.#names.push(checked);
    this.#numbers.set(checked, tag);
    return { tag, name: checked, isNew: true };
  }

  /** Says anew which tags no indexer takes. */
  refuse(tags: readonly number[]): void {
    this.#refused = tags.length === 0 ? undefined : new Set(tags);
  }

  lookup(tag: number): string | undefined {
    return tag === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : this.#names[tag];
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string') {
    throw new InvalidArgumentError('name', name, 'the name of a tag');
  }
}
