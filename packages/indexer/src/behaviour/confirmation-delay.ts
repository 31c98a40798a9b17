/** Flushes that are due within so many milliseconds leave together: timers are no finer. */
const BATCH_MS = 1;

/** Where a batch takes no more. */
const BATCH_BYTES = 64 * 1024;

/** Confirmations that leave together. */
interface Batch {
  /** When the first of them is due; no other is due {@link BATCH_MS} later. */
  readonly firstDue: number;
  /** When all of them are. */
  due: number;
  readonly parts: Buffer[];
  bytes: number;
  next: Batch | undefined;
}

/**
 * Confirmations on their way to an ingester that is far away, or whose indexer has a slow disk:
 * they leave later, in the order in which they were given, and as fast as they were given. None
 * leaves early; one can be late by what a timer is late, and a millisecond. The memory held is that
 * of the confirmations that wait.
 */
export class ConfirmationDelay {
  readonly #send: (confirmations: Buffer) => void;
  readonly #emptied: () => void;
  #first: Batch | undefined;
  #last: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Until when nothing leaves; 0 is never. */
  #heldUntil = 0;

  /**
   * How much later confirmations leave, in milliseconds. What waits already keeps its time, and
   * nothing given later overtakes it.
   */
  milliseconds = 0;

  /** @param emptied called when the last one that waited has left in its time. */
  constructor(send: (confirmations: Buffer) => void, emptied: () => void) {
    this.#send = send;
    this.#emptied = emptied;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Whether nothing leaves before the time that {@link hold} was given has passed. */
  get isHeld(): boolean {
    if (this.#heldUntil !== 0 && performance.now() >= this.#heldUntil) this.#heldUntil = 0;
    return this.#heldUntil !== 0;
  }

  /** Whether confirmations have to come by here now: there is a delay, or some still wait. */
  get isInForce(): boolean {
    return this.milliseconds > 0 || this.#first !== undefined || this.isHeld;
  }

  /** Takes a copy of confirmations that would leave now. */
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

  /** Lets nothing leave for so many milliseconds. */
  hold(milliseconds: number): void {
    this.#heldUntil = performance.now() + milliseconds;
  }

  /** Lets everything leave now, due or not. */
  release(): void {
    this.#heldUntil = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendUntil(Number.POSITIVE_INFINITY);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#first === undefined) return;
    const wait = Math.max(this.#first.due, this.#heldUntil) - performance.now();
    this.#timer = setTimeout(this.#due, Math.max(0, Math.ceil(wait)));
  }

  readonly #due = () => {
    this.#timer = undefined;
    // A timer can fire a little early.
    if (!this.isHeld) this.#sendUntil(performance.now());
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
