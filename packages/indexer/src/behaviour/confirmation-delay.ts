/** Confirmations that are due within this many milliseconds are sent together: timers are not finer. */
const BATCH_MS = 1;

/** The size in bytes from which on a batch gets no further confirmations. */
const BATCH_BYTES = 64 * 1024;

/** Confirmations that are sent together. */
interface Batch {
  /** When the first of them is due. The others are due less than {@link BATCH_MS} later. */
  readonly firstDue: number;
  /** When the last of them is due. */
  due: number;
  readonly parts: Buffer[];
  bytes: number;
  next: Batch | undefined;
}

/**
 * Delays confirmations, as a long distance or a slow disk of the indexer would. They are sent in the order
 * in which they were added, and the delay does not limit their rate. None is sent early. One can be late by
 * the inaccuracy of a timer plus {@link BATCH_MS}. Memory is held only for the confirmations that wait.
 */
export class ConfirmationDelay {
  readonly #send: (confirmations: Buffer) => void;
  readonly #emptied: () => void;
  #first: Batch | undefined;
  #last: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The end of a pause, on the clock of `performance.now()`; 0: there is none. */
  #pausedUntil = 0;

  /**
   * The delay in milliseconds. Confirmations that wait already keep theirs, and no later one overtakes
   * them.
   */
  milliseconds = 0;

  /**
   * @param send sends confirmations.
   * @param emptied called when the last one that waited was sent, unless {@link release} has sent it.
   */
  constructor(send: (confirmations: Buffer) => void, emptied: () => void) {
    this.#send = send;
    this.#emptied = emptied;
  }

  /** Whether no confirmation waits. */
  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Whether a {@link pause} has not ended. */
  get isPaused(): boolean {
    if (this.#pausedUntil !== 0 && performance.now() >= this.#pausedUntil) this.#pausedUntil = 0;
    return this.#pausedUntil !== 0;
  }

  /** Whether confirmations must go through here: there is a delay or a pause, or some still wait. */
  get isInForce(): boolean {
    return this.milliseconds > 0 || this.#first !== undefined || this.isPaused;
  }

  /** Adds a copy of confirmations, which are sent after the delay. */
  push(confirmations: Buffer): void {
    const last = this.#last;
    const due = Math.max(performance.now() + this.milliseconds, last?.due ?? 0);
    const part = Buffer.from(confirmations);
    if (last !== undefined && due - last.firstDue < BATCH_MS && last.bytes < BATCH_BYTES) {
      last.parts.push(part);
      last.bytes += part.length;
      last.due = due;
      return;
    }
    const batch = { firstDue: due, due, parts: [part], bytes: part.length, next: undefined };
    if (last === undefined) this.#first = batch;
    else last.next = batch;
    this.#last = batch;
    this.#arm();
  }

  /** Sends nothing for this many milliseconds. */
  pause(milliseconds: number): void {
    this.#pausedUntil = performance.now() + milliseconds;
  }

  /** Ends the pause and sends everything now, due or not. */
  release(): void {
    this.#pausedUntil = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendUntil(Number.POSITIVE_INFINITY);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#first === undefined) return;
    const wait = Math.max(this.#first.due, this.#pausedUntil) - performance.now();
    this.#timer = setTimeout(this.#due, Math.max(0, Math.ceil(wait)));
  }

  readonly #due = () => {
    this.#timer = undefined;
    // A timer can fire a little early.
    if (!this.isPaused) this.#sendUntil(performance.now());
    if (this.#first === undefined) this.#emptied();
    else this.#arm();
  };

  #sendUntil(time: number): void {
    while (this.#first !== undefined && this.#first.due <= time) {
      const { parts, bytes, next } = this.#first;
      this.#first = next;
      if (next === undefined) this.#last = undefined;
      this.#send(Buffer.concat(parts, bytes));
    }
  }
}
