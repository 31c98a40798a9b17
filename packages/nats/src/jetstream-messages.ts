import type { JsMsg } from '@nats-io/jetstream';
import type { MuxerTag, Timestamp } from '@ringest/core';
import type { MessageReader, NameTags } from '@ringest/queues';
import { replyOf, storedAt } from './delivery.js';

/** Headers that NATS itself uses. */
const INTERNAL = /^nats-/i;

/** What JetStream says of its messages. */
export class JetStreamMessages implements MessageReader<JsMsg> {
  readonly #tags: NameTags<'subject'>;

  constructor(tags: NameTags<'subject'>) {
    this.#tags = tags;
  }

  /** @throws {NoTagError | InvalidTagError | TooManyTagsError} the subject has none */
  tagOf({ subject }: JsMsg): MuxerTag {
    return this.#tags.tagOf(subject);
  }

  dataOf({ data }: JsMsg): Uint8Array {
    return data;
  }

  /** When the message was stored. */
  timeOf(message: JsMsg): Timestamp {
    return storedAt(replyOf(message));
  }

  headerOf({ headers }: JsMsg, name: string): string | undefined {
    return headers?.has(name) ? headers.get(name) : undefined;
  }

  valueOf({ headers }: JsMsg, name: string): string | undefined {
    const found = headers?.values(name) ?? [];
    return found.length > 0 ? found.join(', ') : undefined;
  }

  namesOf({ headers }: JsMsg): readonly string[] {
    return headers?.keys().filter((name) => !INTERNAL.test(name)) ?? [];
  }
}
