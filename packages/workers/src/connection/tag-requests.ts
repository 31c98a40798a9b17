import type { MuxerTag } from '@ringest/codec';
import type { TagName } from '../endpoint.js';

/**
 * The tags of a lane, in its worker: all names, the tags that the indexer has refused, and what the tag
 * request of the next connection asks for.
 */
export class TagRequests {
  readonly #names: string[];
  readonly #refused = new Set<MuxerTag>();
  /** An indexer that refuses a tag request does not say which tag it refuses. Then each is asked for alone. */
  #asksOneByOne = false;

  /** @param names the index is the muxer tag */
  constructor(names: readonly string[]) {
    this.#names = [...names];
  }

  add({ tag, name }: TagName): void {
    this.#names[tag] = name;
  }

  /**
   * The tags that the tag request of a new connection asks for.
   * @param canAskLater whether the indexer knows the TAG command. If not, the request asks for all tags
   */
  request(canAskLater: boolean): readonly TagName[] {
    if (!canAskLater) return this.#all();
    if (this.#asksOneByOne) return [];
    return this.#all().filter(({ tag }) => !this.#refused.has(tag));
  }

  /** The tags that a request has not asked for. */
  missing(asked: readonly TagName[]): readonly TagName[] {
    const known = new Set(asked.map(({ tag }) => tag));
    return this.#all().filter(({ tag }) => !known.has(tag));
  }

  /** The indexer has refused a tag request as a whole. */
  requestRefused(): void {
    this.#asksOneByOne = true;
  }

  isRefused(tag: MuxerTag): boolean {
    return this.#refused.has(tag);
  }

  /** The name of a refused tag; `undefined`: the indexer has not refused it. */
  refusedName(tag: MuxerTag): string | undefined {
    return this.#refused.has(tag) ? this.#names[tag] : undefined;
  }

  /** The indexer has answered a TAG command. */
  answered(tag: MuxerTag, isRefused: boolean): void {
    if (isRefused) this.#refused.add(tag);
    else this.#refused.delete(tag);
  }

  #all(): TagName[] {
    return this.#names.map((name, tag) => ({ tag: tag as MuxerTag, name }));
  }
}
