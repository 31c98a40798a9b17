import { type IngestMuxer, type MuxerTag, remapTag } from '@ringest/core';

/** The most tags that data may name. */
const MOST_TAGS = 1024;

/** The numbers of tags that data names. */
export class Tags {
  readonly #muxer: IngestMuxer;
  readonly #fallback: string;
  readonly #say: (line: string) => void;
  readonly #numbers = new Map<string, MuxerTag>();
  #hasSaid = false;

  /** @param fallback the tag of entries whose own one would be one too many, or is none */
  constructor(muxer: IngestMuxer, fallback: string, say: (line: string) => void) {
    this.#muxer = muxer;
    this.#fallback = fallback;
    this.#say = say;
  }

  /** The number of a tag; what a name may not have in it becomes `_`. */
  number(name: string): MuxerTag {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const tag = this.#numbers.size < MOST_TAGS ? usable(name) : undefined;
    if (tag === undefined) return this.#instead(name);
    const number = this.#muxer.negotiateTag(tag);
    this.#numbers.set(name, number);
    return number;
  }

  #instead(name: string): MuxerTag {
    if (!this.#hasSaid) {
      this.#hasSaid = true;
      const why =
        this.#numbers.size < MOST_TAGS ? 'is no tag' : `is one of more than ${MOST_TAGS} tags`;
      this.#say(
        `ringest: ${JSON.stringify(name)} ${why}: such entries get the tag ${this.#fallback}`,
      );
    }
    return this.#muxer.negotiateTag(this.#fallback);
  }
}

/** A name as a tag; `undefined`: it is too long, or blank. */
function usable(name: string): string | undefined {
  try {
    return remapTag(name, '_');
  } catch {
    return undefined;
  }
}
