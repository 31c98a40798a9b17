import { checkTag, GRAVWELL_TAG, GRAVWELL_TAG_NAME, MAX_TAGS, type MuxerTag } from '@ringest/codec';
import {
  InvalidArgumentError,
  TagRefusedError,
  TooManyTagsError,
  UnknownTagError,
} from '../errors.js';

/** The tags of a muxer. Their numbers are 0, 1, 2 … in the order of the names, and 0xFFFF for `gravwell`. */
export class MuxerTags {
  readonly #names: string[];
  readonly #numbers: Map<string, MuxerTag>;
  /** Tags that every connected indexer refuses; `undefined`: there are none. */
  #refused: ReadonlySet<number> | undefined;

  /** @param names checked names, each once, without `gravwell` */
  constructor(names: readonly string[]) {
    this.#names = [...names];
    this.#numbers = new Map([
      ...names.map((name, i) => [name, i as MuxerTag] as const),
      [GRAVWELL_TAG_NAME, GRAVWELL_TAG],
    ]);
  }

  /**
   * The names of all tags but `gravwell`. The index of a name is its number. The list grows when a
   * tag is added.
   */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Returns whether entries may carry this number. */
  has(tag: number): boolean {
    if (this.#refused?.has(tag)) return false;
    return (tag >= 0 && tag < this.#names.length && Number.isInteger(tag)) || tag === GRAVWELL_TAG;
  }

  /** Returns whether there is a tag of this name. */
  hasName(name: string): boolean {
    return this.#numbers.has(name.trim());
  }

  /** Returns the error that says why entries may not carry this number. */
  problem(tag: number): UnknownTagError | TagRefusedError {
    return this.#refused?.has(tag) ? this.refusal(tag) : new UnknownTagError(tag);
  }

  /**
   * Returns the error for a tag that every connected indexer refuses.
   * @param waiting all tags of entries that wait for an indexer that accepts them
   */
  refusal(tag: number, waiting: Iterable<number> = [tag]): TagRefusedError {
    const nameOf = (one: number) => this.lookup(one) ?? `${one}`;
    return new TagRefusedError(nameOf(tag), Array.from(waiting, nameOf));
  }

  /**
   * Returns the number of a tag.
   * @throws {InvalidArgumentError} the name is not a string
   * @throws {UnknownTagError} there is no tag of this name
   */
  get(name: string): MuxerTag {
    checkName(name);
    const tag = this.#numbers.get(name.trim());
    if (tag === undefined) throw new UnknownTagError(name);
    return tag;
  }

  /**
   * Adds a tag, unless there is one of this name, and returns its number.
   * @throws {InvalidArgumentError} the name is not a string
   * @throws {InvalidTagError} the name is empty, too long or has a forbidden character (§7)
   * @throws {TooManyTagsError} no number is left
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

  /**
   * Checks whether tags can be added.
   * @param names checked names
   * @throws {TooManyTagsError} there are more new ones than numbers are left
   */
  checkRoom(names: readonly string[]): void {
    const fresh = names.filter((name) => !this.#numbers.has(name));
    const first = fresh[MAX_TAGS - this.#names.length];
    if (first !== undefined) throw new TooManyTagsError(first, MAX_TAGS);
  }

  /** Whether every connected indexer refuses the tag of a name. */
  refusesName(name: string): boolean {
    const tag = this.#numbers.get(name);
    return tag !== undefined && this.#refused?.has(tag) === true;
  }

  /** The tags that every connected indexer refuses. */
  get refusedTags(): readonly number[] {
    return [...(this.#refused ?? [])];
  }

  /** Sets the tags that every connected indexer refuses. */
  refuse(tags: readonly number[]): void {
    this.#refused = tags.length === 0 ? undefined : new Set(tags);
  }

  /** Returns the name of a number; `undefined` if there is no such tag. */
  lookup(tag: number): string | undefined {
    return tag === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : this.#names[tag];
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string') {
    throw new InvalidArgumentError('name', name, 'the name of a tag');
  }
}
