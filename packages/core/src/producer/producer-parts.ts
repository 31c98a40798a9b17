import { MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Source } from '@ringest/codec';
import { LaneState, SharedMemoryPool } from '@ringest/workers';
import { Receipts } from '../cache/receipts.js';
import { WriteReceipts } from '../cache/write-receipts.js';
import { Attachments } from '../configuration/attachments.js';
import { EntryWriter } from '../entries/entry-writer.js';
import { TimestampWindow } from '../entries/timestamp-window.js';
import { InvalidArgumentError, NotRunningError } from '../errors.js';
import { OncePerTurn } from '../once-per-turn.js';
import type { Placer } from '../placing/placer.js';
import { Rings } from '../placing/rings.js';
import { fromMessage, toMessage } from '../producing/error-message.js';
import type { ProducerHandle, ProducerTask, ToMuxer, ToProducer } from '../producing/messages.js';
import { Dispatcher } from '../waiting/dispatcher.js';
import { PendingAnswers } from './pending-answers.js';
import { ProducerOutlet } from './producer-outlet.js';
import { ProducerTags } from './producer-tags.js';

/** What the parts tell their producer. */
export interface ProducerPartsEvents {
  /** Nothing waits for room any more. */
  drained(): void;
  /** The muxer closes. */
  closing(): void;
}

/** What a producer is made of, and what the messages of its muxer do to it. */
export class ProducerParts {
  state: 'running' | 'closing' | 'closed' = 'running';
  readonly closeTimeout: number;
  readonly tags: ProducerTags;
  readonly outlet: ProducerOutlet;
  readonly placer: Placer;
  readonly dispatcher: Dispatcher;
  readonly writer: EntryWriter;
  /** Under `journal`. */
  readonly receipts: Receipts | undefined;
  readonly answers = new PendingAnswers();
  readonly #port: MessagePort;
  readonly #events: ProducerPartsEvents;
  readonly #attachments: Attachments | undefined;
  readonly #memory = new SharedMemoryPool();
  #failure: Error | undefined;

  /**
   * Takes the ring of the handle, and begins to read messages.
   * @throws {InvalidArgumentError} this is no handle, or it is open already
   * @throws {NotRunningError} the muxer is closing or closed
   */
  constructor(handle: ProducerHandle, events: ProducerPartsEvents) {
    const { port, task } = checkHandle(handle);
    this.#port = port;
    this.#events = events;
    this.closeTimeout = task.closeTimeout;
    this.outlet = new ProducerOutlet(task, port);
    this.#takeRing(handle);
    this.tags = new ProducerTags(task.tags, () => this.#readMessages());
    this.tags.refuse(task.refusedTags);
    this.#attachments = task.attached && new Attachments({}, { uuid: '' });
    if (this.#attachments !== undefined) this.#attachments.values = task.attached ?? [];
    const progress = new OncePerTurn(() => this.dispatcher.progress());
    const options = { balancing: 'roundRobin', batchBytes: task.batchBytes } as const;
    const rings = new Rings([this.outlet], options, this.#memory, progress);
    this.placer = rings.placer;
    this.dispatcher = new Dispatcher(rings, undefined, progress, {
      backlogBytes: task.backlogBytes,
      drained: () => events.drained(),
      refusal: (tag) => this.tags.refusal(tag),
    });
    this.receipts = task.isJournal ? new Receipts() : undefined;
    this.writer = this.#createWriter(task);
    port.on('message', (message: ToProducer) => this.#onMessage(message));
    port.on('close', () => this.end());
  }

  /**
   * @throws {NotRunningError} the producer or its muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   */
  checkRunning(): void {
    if (this.state !== 'running') throw new NotRunningError(this.state);
    if (this.#failure !== undefined) throw this.#failure;
    // The message comes later; a thread that never ends its turn does not get it.
    if (!this.outlet.isAccepting) throw new NotRunningError('closing');
  }

  post(message: ToMuxer): void {
    this.#port.postMessage(message);
  }

  /** Settles what is open: the muxer does not answer any more. */
  end(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    const closed = new NotRunningError('closed');
    this.dispatcher.abandon(closed);
    this.answers.failAll(closed);
    this.receipts?.settle(closed);
  }

  /** Ends, and lets go of the port: it does not keep the thread alive any more. */
  leave(): void {
    this.end();
    this.post({ kind: 'closed' });
    this.#port.close();
  }

  #takeRing(handle: ProducerHandle): void {
    const state = this.outlet.open();
    if (state === LaneState.connecting) return;
    if (state !== LaneState.hot) throw new NotRunningError('closing');
    throw new InvalidArgumentError(
      'handle',
      handle,
      'a handle that is not open yet: one for each producer',
    );
  }

  #createWriter(task: ProducerTask): EntryWriter {
    const receipts = this.receipts;
    const warn = ({ err, ...fields }: Readonly<Record<string, unknown>>, message: string) => {
      const error = err === undefined ? undefined : toMessage(err);
      this.post({ kind: 'warn', fields, error, message });
    };
    const turnEnd = new OncePerTurn(() => {
      this.placer.commit();
      receipts?.appended(this.outlet.position);
    });
    return new EntryWriter({
      tags: this.tags,
      extras: {
        attachments: this.#attachments,
        sourceOverride: task.source && Source.fromBytes(task.source),
        maxEntrySize: task.maxEntrySize,
        window: TimestampWindow.of(task.timestampWindow, warn),
      },
      placer: this.placer,
      dispatcher: this.dispatcher,
      receipts: receipts && new WriteReceipts(receipts, () => turnEnd.schedule()),
      checkRunning: () => this.checkRunning(),
      warn,
    });
  }

  /** Learns what messages tell of tags, now. The others have their turn later: a write may be under way. */
  #readMessages(): void {
    for (let next = this.#nextMessage(); next !== undefined; next = this.#nextMessage()) {
      const message = next;
      if (message.kind === 'tagAdded' || message.kind === 'tagsRefused') this.#onMessage(message);
      else queueMicrotask(() => this.#onMessage(message));
    }
  }

  #nextMessage(): ToProducer | undefined {
    return receiveMessageOnPort(this.#port)?.message as ToProducer | undefined;
  }

  #onMessage(message: ToProducer): void {
    switch (message.kind) {
      case 'wake':
        this.dispatcher.progress();
        break;
      case 'answer':
        this.answers.settle(message.key, message.error && fromMessage(message.error), message.tag);
        break;
      case 'stored':
        this.receipts?.stored(message.position);
        break;
      case 'notStored':
        this.receipts?.settle(fromMessage(message.error));
        break;
      case 'tagAdded':
        this.tags.add(message.name);
        break;
      case 'tagsRefused':
        this.tags.refuse(message.tags);
        break;
      case 'attached':
        if (this.#attachments !== undefined) this.#attachments.values = message.values;
        break;
      case 'largeTaken':
        if (message.memory !== undefined) this.#memory.free(Buffer.from(message.memory));
        this.outlet.dropTaken();
        this.dispatcher.progress();
        break;
      case 'failed':
        this.#fail(fromMessage(message.error));
        break;
      case 'close':
        this.#events.closing();
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.dispatcher.abandon(error);
    this.receipts?.settle(error);
  }
}

function checkHandle(handle: ProducerHandle): ProducerHandle {
  const { port, task } = Object(handle) as Partial<ProducerHandle>;
  if (port instanceof MessagePort && task !== undefined) return { port, task };
  throw new InvalidArgumentError('handle', handle, 'what producer() of a muxer returned');
}
