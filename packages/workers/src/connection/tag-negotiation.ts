import { encodeForceAck, encodeTag, type IndexerTag, MinimumVersion } from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import type { TagName } from '../endpoint.js';
import type { TagTranslation } from '../ring/tag-translation.js';

/** What the negotiation of late tags needs of its connection. */
export interface TagConnection {
  /** Whether everything that was sent is confirmed. */
  readonly isSettled: boolean;
  write(bytes: Uint8Array): void;
  /** The indexer has answered. Sending may go on once `isAsking` is false. */
  answered(tag: TagName, isRefused: boolean): void;
  lost(error: ConnectionLoss): void;
}

/**
 * Negotiates tags on a live connection (§7): sending pauses, everything outstanding is confirmed,
 * then all that is pending is asked for in one go, and the answers come in the same order.
 */
export class TagNegotiation {
  readonly #tables: TagTranslation;
  readonly #connection: TagConnection;
  readonly #indexerVersion: number;
  #pending: TagName[] = [];
  /** What was asked for in one go, and how many of them are answered. */
  #asked: readonly TagName[] = [];
  #answered = 0;

  constructor(tables: TagTranslation, indexerVersion: number, connection: TagConnection) {
    this.#tables = tables;
    this.#connection = connection;
    this.#indexerVersion = indexerVersion;
  }

  /** Whether sending has to pause. */
  get isAsking(): boolean {
    return this.#pending.length > 0 || this.#isUnanswered;
  }

  /** Asks for one more tag. */
  ask(tag: TagName): void {
    if (this.#indexerVersion < MinimumVersion.tag) {
      const version = `the indexer of API version ${this.#indexerVersion}`;
      const problem = `${version} learns tags only when a connection begins: '${tag.name}' is new`;
      this.#connection.lost(new ConnectionLoss('tags', problem));
      return;
    }
    this.#pending.push(tag);
    if (this.#pending.length === 1 && !this.#connection.isSettled) {
      this.#connection.write(encodeForceAck());
    }
    this.proceed();
  }

  /** Something was confirmed. */
  proceed(): void {
    if (this.#pending.length === 0 || this.#isUnanswered) return;
    if (!this.#connection.isSettled) return;
    this.#asked = this.#pending;
    this.#answered = 0;
    this.#pending = [];
    this.#connection.write(Buffer.concat(this.#asked.map(({ name }) => encodeTag(name))));
  }

  /** The answer to the oldest question; `undefined`: refused. */
  answer(indexerTag: IndexerTag | undefined): void {
    const tag = this.#asked[this.#answered++];
    if (tag === undefined) {
      this.#connection.lost(
        new ConnectionLoss('protocol', 'the indexer answered a tag not asked for'),
      );
      return;
    }
    if (indexerTag !== undefined) {
      try {
        this.#tables.learn(tag, indexerTag);
      } catch (error) {
        this.#connection.lost(error as ConnectionLoss);
        return;
      }
    }
    this.#connection.answered(tag, indexerTag === undefined);
    this.proceed();
  }

  get #isUnanswered(): boolean {
    return this.#answered < this.#asked.length;
  }
}
