import { isAboutEntry, MessageEntries, type NameTags, type SourceMuxer } from '@ringest/queues';
import type { KafkaMessage } from 'kafkajs';
import { PoisonMessageError } from './errors.js';
import { KafkaMessages } from './kafka-messages.js';
import { withPlace } from './message-place.js';
import type { CheckedSourceOptions } from './source-options.js';

const NOTHING = new Uint8Array(0);

interface Listeners {
  /** The muxer has room again. */
  changed(): void;
  /** No entry can be made of a message, and the source is to stop at it. */
  poisoned(error: PoisonMessageError): void;
  /** No entry can be written any more. */
  failed(error: Error): void;
}

/** Writes the entries of messages. */
export class MessageWriter {
  readonly #muxer: SourceMuxer;
  readonly #options: CheckedSourceOptions;
  readonly #listeners: Listeners;
  readonly #messages: KafkaMessages;
  readonly #entries: MessageEntries<KafkaMessage>;
  #isFull = false;
  #poison = 0;

  constructor(
    muxer: SourceMuxer,
    options: CheckedSourceOptions,
    tags: NameTags<'topic'>,
    listeners: Listeners,
  ) {
    this.#muxer = muxer;
    this.#options = options;
    this.#listeners = listeners;
    this.#messages = new KafkaMessages(tags, options.key);
    const negotiate = (name: string) => muxer.negotiateTag(name);
    this.#entries = new MessageEntries(options.entries, this.#messages, negotiate);
  }

  /** The muxer asks to wait before more is written. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Messages that no entry could be made of. */
  get poison(): number {
    return this.#poison;
  }

  /** Messages whose header with the time could not be read. */
  get undated(): number {
    return this.#entries.undated;
  }

  /** Returns whether the message is done: written, or skipped. */
  write(message: KafkaMessage, topic: string, partition: number): boolean {
    let wait: Promise<void> | undefined;
    try {
      this.#messages.topic = topic;
      const entry = this.#entries.entryOf(message);
      const { metadata } = this.#options;
      wait = this.#muxer.writeEntry(
        metadata ? withPlace(entry, topic, partition, message.offset) : entry,
      );
    } catch (error) {
      return this.#skip(message, topic, partition, error as Error);
    }
    if (wait !== undefined) {
      this.#isFull = true;
      wait.then(this.#goOn, this.#listeners.failed);
    }
    return true;
  }

  readonly #goOn = (): void => {
    this.#isFull = false;
    this.#listeners.changed();
  };

  #skip(message: KafkaMessage, topic: string, partition: number, error: Error): boolean {
    if (!isAboutEntry(error)) {
      this.#listeners.failed(error);
      return false;
    }
    this.#poison++;
    const { offset, key, value } = message;
    if (this.#options.poison === 'stop') {
      this.#listeners.poisoned(new PoisonMessageError(topic, partition, offset, error));
      return false;
    }
    this.#options.onPoison(error, { topic, partition, offset, key, data: value ?? NOTHING });
    return true;
  }
}
