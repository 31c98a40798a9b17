import { isUtf8 } from 'node:buffer';
import { type MuxerTag, Timestamp } from '@ringest/core';
import type { MessageReader, NameTags } from '@ringest/queues';
import type { KafkaMessage } from 'kafkajs';

const NOTHING = new Uint8Array(0);
const COMMA = Buffer.from(', ');

/** What Kafka says of the messages of a topic. */
export class KafkaMessages implements MessageReader<KafkaMessage> {
  /** The topic of the messages. They do not know it. */
  topic = '';
  readonly #tags: NameTags<'topic'>;
  readonly #key: string | undefined;

  /** @param key the name of the enumerated value that gets the key */
  constructor(tags: NameTags<'topic'>, key: string | undefined) {
    this.#tags = tags;
    this.#key = key;
  }

  /** @throws {NoTagError | InvalidTagError | TooManyTagsError} the topic has none */
  tagOf(): MuxerTag {
    return this.#tags.tagOf(this.topic);
  }

  dataOf({ value }: KafkaMessage): Uint8Array {
    return value ?? NOTHING;
  }

  /** The time of the message. Those of very old producers have none: it is now. */
  timeOf({ timestamp }: KafkaMessage): Timestamp {
    const milliseconds = Number(timestamp);
    return milliseconds >= 0 ? Timestamp.from(milliseconds) : Timestamp.now();
  }

  headerOf({ headers }: KafkaMessage, name: string): string | undefined {
    const value = headers?.[name];
    return bytesOf(Array.isArray(value) ? value[0] : value)?.toString();
  }

  /** As text, or as bytes where they are not UTF-8. */
  valueOf({ headers, key }: KafkaMessage, name: string): string | Uint8Array | undefined {
    const bytes = joined(name === this.#key ? (key ?? undefined) : headers?.[name]);
    if (bytes === undefined) return undefined;
    return isUtf8(bytes) ? bytes.toString() : bytes;
  }

  namesOf({ headers }: KafkaMessage): readonly string[] {
    const names = Object.keys(headers ?? {});
    return this.#key === undefined ? names : [...names, this.#key];
  }
}

type HeaderValue = NonNullable<KafkaMessage['headers']>[string];

function joined(value: HeaderValue): Buffer | undefined {
  if (!Array.isArray(value)) return bytesOf(value);
  const parts = value.flatMap((one, at) => [...(at > 0 ? [COMMA] : []), bytesOf(one) ?? NOTHING]);
  return Buffer.concat(parts);
}

/** What kafkajs has read is bytes. A header without a value has none, and a name such as `constructor` may be no header. */
function bytesOf(value: unknown): Buffer | undefined {
  return Buffer.isBuffer(value) ? value : undefined;
}
