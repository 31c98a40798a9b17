import { encodeTag, type IndexerTag, MinimumVersion, type MuxerTag } from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import type { TagName } from '../endpoint.js';
import type { TagTranslation } from '../ring/tag-translation.js';

/** The answer of an indexer to one TAG command. */
export interface TagAnswer {
  readonly tag: MuxerTag;
  readonly isRefused: boolean;
}

/**
 * The negotiation of tags on a hot connection (§7). Sending pauses, every sent entry is confirmed, one
 * write asks for all waiting tags, and the answers come in the same order. This object keeps the order;
 * the connection sends.
 */
export class TagNegotiation {
  readonly #translation: TagTranslation;
  readonly #indexerVersion: number;
  #waiting: TagName[] = [];
  /** The tags of the last write, and how many of them are answered. */
  #asked: readonly TagName[] = [];
  #answered = 0;

  constructor(translation: TagTranslation, indexerVersion: number) {
    this.#translation = translation;
    this.#indexerVersion = indexerVersion;
  }

  /** Whether a tag waits or is unanswered: then no entry may be sent. */
  get isPending(): boolean {
    return this.#waiting.length > 0 || this.#isUnanswered;
  }

  /**
   * Adds a tag to the next write.
   * @returns whether it is the first one of that write
   * @throws {ConnectionLoss} the indexer is too old to learn tags now
   */
  add(tag: TagName): boolean {
    if (this.#indexerVersion < MinimumVersion.tag) {
      const version = `the indexer of API version ${this.#indexerVersion}`;
      const problem = `${version} learns tags only when a connection begins: '${tag.name}' is new`;
      throw new ConnectionLoss('tags', problem);
    }
    return this.#waiting.push(tag) === 1;
  }

  /**
   * The TAG commands of all waiting tags, which the caller sends now. Call it while every sent entry
   * is confirmed.
   * @returns `undefined` when no tag waits, or answers are due
   */
  takeCommands(): Uint8Array | undefined {
    if (this.#waiting.length === 0 || this.#isUnanswered) return undefined;
    this.#asked = this.#waiting;
    this.#answered = 0;
    this.#waiting = [];
    return Buffer.concat(this.#asked.map(({ name }) => encodeTag(name)));
  }

  /**
   * Takes the answer to the oldest command.
   * @param indexerTag `undefined`: the indexer refuses the tag
   * @throws {ConnectionLoss} no answer is due, or the indexer has given the number to another tag
   */
  answer(indexerTag: IndexerTag | undefined): TagAnswer {
    const tag = this.#asked[this.#answered++];
    if (tag === undefined) {
      throw new ConnectionLoss('protocol', 'the indexer answered a tag not asked for');
    }
    if (indexerTag !== undefined) this.#translation.learn(tag, indexerTag);
    return { tag: tag.tag, isRefused: indexerTag === undefined };
  }

  get #isUnanswered(): boolean {
    return this.#answered < this.#asked.length;
  }
}
