import { GRAVWELL_TAG } from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import type { TagName } from '../endpoint.js';
import { TO_INDEXER_AT, TO_MUXER_AT, UNKNOWN_TAG } from './memory-layout.js';

/** The two tables of a lane's memory that translate tags, of the connection that there is. */
export class TagTranslation {
  readonly #toIndexer: Uint16Array;
  readonly #toMuxer: Uint16Array;

  constructor(memory: WebAssembly.Memory) {
    this.#toIndexer = new Uint16Array(memory.buffer, TO_INDEXER_AT, 65536);
    this.#toMuxer = new Uint16Array(memory.buffer, TO_MUXER_AT, 65536);
  }

  /** A new connection: nothing is known. No frame in the ring may have a stamp then. */
  clear(): void {
    this.#toIndexer.fill(UNKNOWN_TAG);
    this.#toMuxer.fill(UNKNOWN_TAG);
  }

  /** Whether the indexer knows a tag; `gravwell` it always does. */
  knows(tag: number): boolean {
    return this.indexerTag(tag) !== UNKNOWN_TAG || tag === GRAVWELL_TAG;
  }

  /** The indexer's number of a tag, or `UNKNOWN_TAG`; `gravwell` has its own. */
  indexerTag(tag: number): number {
    return this.#toIndexer[tag] as number;
  }

  /** @throws {ConnectionLoss} the number is another tag's: their frames could not be told apart afterwards */
  learn({ tag, name }: TagName, indexerTag: number): void {
    const known = this.#toMuxer[indexerTag];
    const isTaken = known !== UNKNOWN_TAG && known !== tag;
    if (indexerTag === GRAVWELL_TAG || isTaken) {
      throw new ConnectionLoss('tags', `the indexer gave tag '${name}' the number of another tag`);
    }
    this.#toIndexer[tag] = indexerTag;
    this.#toMuxer[indexerTag] = tag;
  }
}
