import type { MuxerTag } from '@ringest/codec';
import type { TagName } from '../endpoint.js';

/**
 * The tags of a lane, as its worker knows them: all names, those that the indexer has refused, and
 * whether the request that begins a connection is to ask for any.
 */
export class TagRequests {
  readonly #names: string[];
  readonly #refused = new Set<number>();
  /** An indexer that refuses a tag request does not say for which tag: then each is asked for alone. */
  #asksOneByOne = false;

  /** @param names the index is the muxer tag */
  constructor(names: readonly string[]) {
    this.#names = [...names];
  }

  add({ tag, name }: TagName): void {
    this.#names[tag] = name;
  }

  /**
   * What the tag request of a new connection asks for.
   * @param canAskLater whether the indexer takes the TAG command: else it is asked for everything
   */
  request(canAskLater: boolean): readonly TagName[] {
    if (!canAskLater) return this.#all();
    if (this.#asksOneByOne) return [];
    return this.#all().filter(({ tag }) => !this.#refused.has(tag));
  }

  /** Tags that are not among those that were asked for. */
  missing(asked: readonly TagName[]): readonly TagName[] {
    const known = new Set(asked.map(({ tag }) => tag));
    return this.#all().filter(({ tag }) => !known.has(tag));
  }

  requestRefused(): void {
    this.#asksOneByOne = true;
  }

  isRefused(tag: number): boolean {
    return this.#refused.has(tag);
  }

  /** The name of a tag that the indexer has refused; `undefined`: it has not. */
  refusedName(tag: number): string | undefined {
    return this.#refused.has(tag) ? this.#names[tag] : undefined;
  }

  answered(tag: number, isRefused: boolean): void {
    if (isRefused) this.#refused.add(tag);
    else this.#refused.delete(tag);
  }

  #all(): TagName[] {
    return this.#names.map((name, tag) => ({ tag: tag as MuxerTag, name }));
  }
}
