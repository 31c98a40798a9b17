import { GRAVWELL_TAG, type IndexerTag, type MuxerTag } from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import type { TagName } from '../endpoint.js';
import { TO_INDEXER_AT, TO_MUXER_AT, UNKNOWN_TAG } from './memory-layout.js';

/** The two tables in a lane's memory that translate tags on the present connection. */
export class TagTranslation {
  readonly #toIndexer: Uint16Array;
  readonly #toMuxer: Uint16Array;

  constructor(memory: WebAssembly.Memory) {
    this.#toIndexer = new Uint16Array(memory.buffer, TO_INDEXER_AT, 65536);
    this.#toMuxer = new Uint16Array(memory.buffer, TO_MUXER_AT, 65536);
  }

  /** Empties both tables for a new connection. No frame in the ring may have a stamp at that time. */
  clear(): void {
    this.#toIndexer.fill(UNKNOWN_TAG);
    this.#toMuxer.fill(UNKNOWN_TAG);
  }

  /** Whether the indexer knows a tag. Every indexer knows `gravwell`. */
  knows(tag: MuxerTag): boolean {
    return this.indexerTag(tag) !== UNKNOWN_TAG || tag === GRAVWELL_TAG;
  }

  /** The indexer's number of a tag, or `UNKNOWN_TAG`. `gravwell` has the same number everywhere: 0xffff. */
  indexerTag(tag: MuxerTag): IndexerTag {
    return this.#toIndexer[tag] as IndexerTag;
  }

  /**
   * Adds a pair of numbers to both tables.
   * @throws {ConnectionLoss} the indexer's number belongs to another tag already: frames of the two could
   *   not be told apart when their stamps are taken back
   */
  learn({ tag, name }: TagName, indexerTag: IndexerTag): void {
    const known = this.#toMuxer[indexerTag];
    const isTaken = known !== UNKNOWN_TAG && known !== tag;
    if (indexerTag === GRAVWELL_TAG || isTaken) {
      throw new ConnectionLoss('tags', `the indexer gave tag '${name}' the number of another tag`);
    }
    this.#toIndexer[tag] = indexerTag;
    this.#toMuxer[indexerTag] = tag;
  }
}
