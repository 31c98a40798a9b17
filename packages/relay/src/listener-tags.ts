import { checkTag, GRAVWELL_TAG_NAME, type IndexerTag, InvalidTagError } from '@ringest/codec';
import { TagNotGrantedError } from '@ringest/indexer';
import type { TagFilter } from './tag-filter.js';
import type { WayOut } from './way-out.js';

/** Grants tags to the ingesters of one listener. */
export class ListenerTags {
  readonly #filter: TagFilter;
  readonly #maxTags: number;
  #added = 0;
  #refused = 0;

  /** @param maxTags how many tags they may add to the muxers, which have 65535 numbers each for all listeners */
  constructor(filter: TagFilter, maxTags: number) {
    this.#filter = filter;
    this.#maxTags = maxTags;
  }

  /** How many requests for a tag were refused. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Returns the number of a tag that an ingester asks for.
   * @throws {TagNotGrantedError} it cannot have it
   */
  grant(name: string, out: WayOut): IndexerTag {
    try {
      // The numbers of the relay's own muxer are what it gives to ingesters, as an indexer gives its own.
      return this.#grant(name, out) as number as IndexerTag;
    } catch (error) {
      if (error instanceof TagNotGrantedError) this.#refused++;
      throw error;
    }
  }

  #grant(name: string, out: WayOut) {
    const checked = validName(name);
    if (!this.#filter.allows(checked) && checked !== GRAVWELL_TAG_NAME) {
      throw new TagNotGrantedError(name, 'the listener does not allow it');
    }
    if (out.hasTag(checked)) return out.negotiateTag(checked);
    if (this.#added >= this.#maxTags) {
      const problem = `the ingesters of the listener have added ${this.#maxTags} tags, which is the most`;
      throw new TagNotGrantedError(name, problem);
    }
    const tag = out.negotiateTag(checked);
    this.#added++;
    return tag;
  }
}

function validName(name: string): string {
  try {
    return checkTag(name);
  } catch (cause) {
    if (!(cause instanceof InvalidTagError)) throw cause;
    throw new TagNotGrantedError(name, 'it is not a valid name', { cause });
  }
}
