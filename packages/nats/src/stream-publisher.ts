import { JetStreamApiError, type PubAck } from '@nats-io/jetstream';
import {
  ClosedConnectionError,
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
  TimeoutError,
} from '@nats-io/nats-core';
import { messageOf } from '@ringest/codec';
import { MAX_TIMER_MS } from '@ringest/core';
import { insideOf } from './client-inside.js';
import { PublishError } from './errors.js';

/** A message that a stream is to store. */
export interface StreamMessage {
  /** Its number among all of the publisher. */
  readonly number: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
}

/** Who hears what has become of messages. */
interface Listeners<Message> {
  /** @param isDuplicate the stream had it already */
  stored(message: Message, isDuplicate: boolean): void;
  /** The stream does not have it, as far as is known. */
  unstored(message: Message, error: PublishError): void;
}

interface Pending<Message> {
  readonly message: Message;
  /** How often it was published. */
  readonly attempt: number;
  /** Milliseconds of `performance.now()`. */
  readonly due: number;
}

/** What is in the answer of a stream, which is JSON. */
type Answer = Partial<PubAck> & {
  readonly error?: ConstructorParameters<typeof JetStreamApiError>[0];
};

/** The status of an answer when nobody listens to a subject. */
const NO_RESPONDERS = 503;

/** How long a subject that no stream stores is left in peace. */
const PAUSE_MS = 250;

/**
 * Publishes messages to streams, and hears whether each is stored. One subscription brings the answers to all: with a
 * request of the client for each message, an entry takes two and a half times as much of the processor.
 */
export class StreamPublisher<Message extends StreamMessage> {
  readonly #connection: NatsConnection;
  readonly #attempts: number;
  readonly #timeoutMs: number;
  readonly #listeners: Listeners<Message>;
  readonly #inbox: string;
  /** By their numbers. All have the same time, so that those that were published first are due first. */
  readonly #pending = new Map<number, Pending<Message>>();
  #subscription: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param attempts how often a message is published when no answer comes
   * @param timeoutMs how long an answer may take
   */
  constructor(
    connection: NatsConnection,
    { attempts, timeoutMs }: { readonly attempts: number; readonly timeoutMs: number },
    listeners: Listeners<Message>,
  ) {
    this.#connection = connection;
    this.#attempts = attempts;
    this.#timeoutMs = timeoutMs;
    this.#listeners = listeners;
    this.#inbox = createInbox(insideOf(connection).options?.inboxPrefix);
  }

  publish(message: Message): void {
    this.#publish(message, 1);
  }

  #publish(message: Message, attempt: number): void {
    const { number, subject, data, headers } = message;
    try {
      this.#listen();
      this.#connection.publish(subject, data, { headers, reply: `${this.#inbox}.${number}` });
    } catch (error) {
      // It is larger than the server takes, or the connection is closed.
      this.#listeners.unstored(message, PublishError.of(subject, error as Error));
      return;
    }
    this.#pending.set(number, { message, attempt, due: performance.now() + this.#timeoutMs });
    this.#wake(this.#timeoutMs);
  }

  /** There is no request to listen for before the first message. */
  #listen(): void {
    if (this.#subscription !== undefined) return;
    const subscription = this.#connection.subscribe(`${this.#inbox}.*`, {
      // What is thrown here would end the reading of the whole connection.
      callback: (error, answer) => {
        if (error === null) this.#hear(answer);
      },
    });
    this.#subscription = subscription;
    void subscription.closed.then((error) => {
      if (this.#subscription === subscription) this.#closed(error || new ClosedConnectionError());
    });
  }

  #hear(answer: Msg): void {
    const number = Number(answer.subject.slice(this.#inbox.length + 1));
    const pending = this.#pending.get(number);
    // It was published twice, and the first answer has come.
    if (pending === undefined) return;
    this.#pending.delete(number);
    const { message } = pending;
    if (answer.headers?.code === NO_RESPONDERS) {
      setTimeout(() => this.#again(pending, 'no stream takes it'), PAUSE_MS);
      return;
    }
    const read = answerIn(answer);
    if (read instanceof Error) this.#unstored(message, read);
    else this.#listeners.stored(message, read.duplicate === true);
  }

  /** Publishes again what has no answer yet and is due. */
  #tick(): void {
    this.#timer = undefined;
    const now = performance.now();
    const due: Pending<Message>[] = [];
    for (const pending of this.#pending.values()) {
      if (pending.due > now) {
        this.#wake(pending.due - now);
        break;
      }
      due.push(pending);
    }
    for (const { message } of due) this.#pending.delete(message.number);
    for (const pending of due) this.#again(pending, new TimeoutError());
    if (this.#pending.size === 0) this.#rest();
  }

  #wake(milliseconds: number): void {
    this.#timer ??= setTimeout(() => this.#tick(), Math.min(MAX_TIMER_MS, milliseconds));
  }

  /** A connection keeps no subscription of a publisher that has nothing to publish. */
  #rest(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }

  #again({ message, attempt }: Pending<Message>, problem: Error | string): void {
    if (attempt < this.#attempts && !this.#connection.isClosed()) {
      this.#publish(message, attempt + 1);
    } else if (typeof problem === 'string') {
      this.#listeners.unstored(message, new PublishError(message.subject, problem));
    } else {
      this.#unstored(message, problem);
    }
  }

  /** The connection is closed, or the servers do not allow to listen. */
  #closed(error: Error): void {
    this.#subscription = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { message } of pending) this.#unstored(message, error);
  }

  #unstored(message: Message, cause: Error): void {
    this.#listeners.unstored(message, PublishError.of(message.subject, cause));
  }
}

/** What a stream has answered, or why it has not stored the message: anybody may answer to a subject. */
function answerIn(message: Msg): Answer | Error {
  let answer: Answer;
  try {
    answer = Object(message.json<Answer>());
  } catch (cause) {
    return new Error(`the answer is none of a stream: ${messageOf(cause)}`, { cause });
  }
  if (answer.error !== undefined) return new JetStreamApiError(answer.error);
  return answer.stream ? answer : new Error('the answer is none of a stream');
}
