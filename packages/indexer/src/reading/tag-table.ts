import {
  checkTag,
  GRAVWELL_TAG,
  GRAVWELL_TAG_NAME,
  type IndexerTag,
  InvalidTagError,
  MAX_TAGS,
} from '@ringest/codec';
import { InvalidOptionError, TagNotGrantedError } from '../errors.js';

/**
 * The numbers that an indexer gives to tags (§7). A name has the same number on every connection. Numbers
 * count down from the first one, while those of an ingester count up from 0, so that tests notice an
 * ingester that does not translate them.
 */
export class TagTable {
  readonly #numbers = new Map<string, IndexerTag>([[GRAVWELL_TAG_NAME, GRAVWELL_TAG]]);
  /** By the number of a tag, its name. */
  readonly #names: string[] = [];
  readonly #first: number;
  readonly #refused: ReadonlySet<string>;

  /**
   * @param first the number of the first tag, 0..65534.
   * @param refused trimmed names that get no number. Default: none.
   * @throws {InvalidOptionError} if `first` is out of bounds.
   */
  constructor(first: number, refused: ReadonlySet<string> = new Set()) {
    if (!Number.isInteger(first) || first < 0 || first >= MAX_TAGS) {
      throw new InvalidOptionError(
        'firstTag',
        first,
        `give a whole number from 0 to ${MAX_TAGS - 1}`,
      );
    }
    this.#first = first;
    this.#refused = refused;
  }

  /**
   * Returns the number of a tag, and gives it one if it has none.
   *
   * @throws {TagNotGrantedError} if the name is not valid (§7) or refused, or no number is left.
   */
  negotiate(name: string): IndexerTag {
    if (this.#refused.has(name))
      throw new TagNotGrantedError(name, 'the indexer is configured to refuse it');
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const checked = checkName(name);
    if (checked !== name) return this.negotiate(checked);
    const given = this.#numbers.size - 1;
    if (this.isFull) throw new TagNotGrantedError(name, `all ${MAX_TAGS} numbers are in use`);
    const number = ((this.#first - given + MAX_TAGS) % MAX_TAGS) as IndexerTag;
    this.#numbers.set(name, number);
    this.#names[number] = name;
    return number;
  }

  /** Returns the name of a number; `undefined`: no tag has it. */
  nameOf(number: number): string | undefined {
    return number === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : this.#names[number];
  }

  /** Whether no number is left. */
  get isFull(): boolean {
    // `gravwell` takes none of them.
    return this.#numbers.size > MAX_TAGS;
  }

  /** Every name and its number, in the order they were given. */
  [Symbol.iterator](): IterableIterator<[name: string, number: IndexerTag]> {
    return this.#numbers.entries();
  }
}

function checkName(name: string): string {
  try {
    return checkTag(name);
  } catch (cause) {
    if (!(cause instanceof InvalidTagError)) throw cause;
    throw new TagNotGrantedError(name, 'it is not a valid name', { cause });
  }
}
