import type { MessagePort } from 'node:worker_threads';
import {
  Control,
  createRing,
  type DetachedFrame,
  LaneState,
  type Ring,
  RunReader,
  takeWake,
} from '@ringest/workers';
import type { ToMuxer, ToProducer } from './messages.js';

/** The most bytes of frames that go to a lane with one copy; at most a quarter of a block. */
const RUN_BYTES = 65_536;

/** Something to do once everything before a position has left the ring. */
interface Milestone {
  readonly position: number;
  passed(): void;
}

/**
 * One producer, as the main thread sees it: the reading end of its ring. The memory stays when the
 * producer's thread dies, and so does all that it has committed.
 */
export class Inflow {
  readonly ring: Ring;
  /** Whether a doorbell has rung, or frames wait for room. */
  isAwake = false;
  /** The producer has said that it writes nothing more. */
  isEnded = false;
  /** The producer has closed its port, or its thread has ended. */
  isGone = false;
  /** Entries that were taken out since the last receipt. */
  taken = 0;
  readonly #reader: RunReader;
  readonly #port: MessagePort;
  readonly #runBytes: number;
  /** Frames too large for the ring, by the key that stands there for them. */
  readonly #large = new Map<number, Buffer>();
  /** The key of the large frame at the head; 0: none is there. */
  #largeKey = 0;
  /** Whether the frame at the head is on its way as a message. */
  #isLargeMissing = false;
  #milestones: Milestone[] = [];

  /** @param ringBytes a power of two; the blocks of the ring are not larger than those of the lanes */
  constructor(ringBytes: number, port: MessagePort, onMessage: (message: ToMuxer) => void) {
    this.ring = createRing(ringBytes);
    this.#reader = new RunReader(this.ring);
    this.#reader.sleep();
    this.#runBytes = Math.min(RUN_BYTES, this.ring.blockBytes / 4);
    this.#port = port;
    port.on('message', (message: ToMuxer) => {
      if (typeof message === 'object' && message.kind === 'large') {
        this.#large.set(message.key, Buffer.from(message.memory, 0, message.bytes));
      }
      onMessage(message);
    });
    // It ends with its muxer, which keeps the process alive while it runs.
    port.unref();
  }

  /** Bytes that are committed and not taken out. Large frames count as references. */
  get waitingBytes(): number {
    return this.#reader.committed - this.#reader.position;
  }

  /** Whether all is taken out that will ever be in the ring. */
  get isOver(): boolean {
    return (this.isEnded || this.isGone) && this.waitingBytes === 0;
  }

  post(message: ToProducer): void {
    this.#port.postMessage(message);
  }

  /**
   * The frames that are next. They are void after `pass`, but for a large one.
   * @returns `undefined`: there are none, or they are on their way as a message
   * @throws {RingCorruptError} another thread has written to the ring what is no frame
   */
  head(): DetachedFrame | undefined {
    const run = this.#reader.head(this.#runBytes);
    if (run === undefined) return undefined;
    const { tag } = run;
    if (run.kind === 'frames') {
      this.#largeKey = 0;
      return { frame: run.frames, entries: run.entries, tag, wasInRing: false, isCached: false };
    }
    this.#largeKey = run.key;
    const frame = this.#large.get(run.key);
    this.#isLargeMissing = frame === undefined;
    return frame && { frame, entries: 1, tag, wasInRing: false, isCached: false };
  }

  /**
   * Releases the frames that `head` has returned.
   * @param spare returns memory of the size of a large frame, which the producer gets for its own
   */
  pass(
    { frame, entries }: DetachedFrame,
    spare: (bytes: number) => SharedArrayBuffer | undefined,
  ): void {
    this.taken += entries;
    this.#reader.pass();
    if (this.#largeKey === 0) return;
    this.#large.delete(this.#largeKey);
    this.post({ kind: 'largeTaken', memory: spare(frame.length) });
  }

  /** Waits for a doorbell, after `head` found nothing. Returns false when something is committed by now. */
  sleep(): boolean {
    // The message with a large frame wakes as a doorbell does.
    this.isAwake = !this.#isLargeMissing && !this.#reader.sleep();
    this.#isLargeMissing = false;
    return !this.isAwake;
  }

  /**
   * Calls a function once everything is taken out that is before a position; at once if it is.
   * @param position default: what is committed now
   * @returns a function that cancels this
   */
  afterTaken(passed: () => void, position = this.#reader.committed): () => void {
    if (position <= this.#reader.position) {
      passed();
      return () => {};
    }
    const milestone = { position, passed };
    this.#milestones.push(milestone);
    return () => {
      this.#milestones = this.#milestones.filter((other) => other !== milestone);
    };
  }

  /** Wakes the producer if it waits for room that is free now. */
  wakeProducer(): void {
    if (takeWake(this.ring, this.#reader.released)) this.post({ kind: 'wake' });
  }

  /** Does what was to be done at positions that are passed by now. */
  passMilestones(): void {
    this.#passUpTo(this.#reader.position);
  }

  /** How far the ring is read. */
  get position(): number {
    return this.#reader.position;
  }

  /** Refuses further writes, at once, and asks the producer to end. One that was never opened has ended. */
  stop(): void {
    const state = Atomics.exchange(this.ring.control, Control.state, LaneState.ending);
    if (state === LaneState.connecting) this.isEnded = true;
    else this.post({ kind: 'close' });
  }

  close(): void {
    Atomics.store(this.ring.control, Control.state, LaneState.closed);
    this.#port.close();
  }

  /** Closes it, because its ring cannot be read any more. Nobody waits for what is there. */
  giveUp(): void {
    this.close();
    this.#passUpTo(Number.POSITIVE_INFINITY);
  }

  #passUpTo(position: number): void {
    const passed = this.#milestones.filter((milestone) => milestone.position <= position);
    if (passed.length === 0) return;
    this.#milestones = this.#milestones.filter((milestone) => milestone.position > position);
    for (const milestone of passed) milestone.passed();
  }
}
