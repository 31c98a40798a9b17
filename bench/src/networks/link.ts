import { type LinkFaults, QUEUE_BYTES, WELL } from './link-faults.js';

/** The least distance of two packets that keep their order, in milliseconds. */
const STEP_MS = 1e-4;
const LATE_MS = 1;

/** One direction between two hosts: it decides what becomes of each packet. */
export class Link {
  /** Packets that pass, by now or later. */
  passed = 0;
  /** Those among them that pass later, by a millisecond or more. */
  delayed = 0;
  /** Packets that vanished. */
  dropped = 0;
  #faults = WELL;
  readonly #random: () => number;
  /** When the last bit of what has come so far is sent. */
  #sentAt = 0;
  /** When the last packet that nothing overtakes arrives. */
  #arrivesAt = 0;

  /** @param random from 0 up to, but not including, 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** What is under way arrives as it would have. */
  set faults(faults: LinkFaults) {
    this.#faults = faults;
  }

  /** The length that the sender of a packet has to be told of; `undefined`: of none. */
  largestToTell(bytes: number): number | undefined {
    const { isCut, largestBytes, tellsLargest } = this.#faults;
    return tellsLargest && !isCut && bytes > largestBytes ? largestBytes : undefined;
  }

  /**
   * Takes a packet in.
   * @param now in milliseconds
   * @returns when it arrives; `now` or earlier: at once; `undefined`: it vanishes
   */
  take(bytes: number, now: number): number | undefined {
    const sentAt = this.#send(bytes, now);
    if (sentAt === undefined) {
      this.dropped++;
      return undefined;
    }
    this.passed++;
    const { delayMs, jitterMs, reorderShare, reorderMs } = this.#faults;
    const takes = delayMs + (jitterMs === 0 ? 0 : jitterMs * (2 * this.#random() - 1));
    if (reorderShare > 0 && this.#random() < reorderShare) {
      this.delayed++;
      return sentAt + takes + reorderMs;
    }
    this.#arrivesAt = Math.max(sentAt + takes, this.#arrivesAt + STEP_MS);
    if (this.#arrivesAt - now >= LATE_MS) this.delayed++;
    return this.#arrivesAt;
  }

  /** When its last bit is sent; `undefined`: it is not. */
  #send(bytes: number, now: number): number | undefined {
    const { isCut, largestBytes, lossShare, bitsPerSecond } = this.#faults;
    if (isCut || bytes > largestBytes) return undefined;
    if (lossShare > 0 && this.#random() < lossShare) return undefined;
    if (bitsPerSecond === Number.POSITIVE_INFINITY) return now;
    const bytesPerMs = bitsPerSecond / 8000;
    const begins = Math.max(now, this.#sentAt);
    if ((begins - now) * bytesPerMs + bytes > QUEUE_BYTES) return undefined;
    this.#sentAt = begins + bytes / bytesPerMs;
    return this.#sentAt;
  }
}
