import { type Clock, realClock, type Timer } from '../clock.js';
import { ConnectionLoss } from '../connection-loss.js';
import type { ConnectionTimes } from '../endpoint.js';

/** How many checks there are within the shorter of the two times. */
const CHECKS = 8;
/** The longest time between two checks, in milliseconds. */
const MAX_INTERVAL = 1000;
/** Bytes a millisecond that the slowest link is assumed to carry: a large entry takes time. */
const MIN_RATE = 1024;
/** Milliseconds between two pings: an indexer that gets nothing for ten minutes hangs up (§11). */
const PING_INTERVAL = 300_000;

/** The connection that liveness checks. */
export interface LivenessSubject {
  /** How many confirmations there were. */
  readonly confirmations: number;
  /** Whether a confirmation is due. */
  readonly isOutstanding: boolean;
  /** How many bytes wait for their confirmation. */
  readonly outstandingBytes: number;
  /** Sends PING, which the indexer answers. */
  ping(): void;
  /** Asks the indexer to confirm everything that was sent. */
  forceAck(): void;
  /** Called when the indexer counts as dead. */
  lost(error: ConnectionLoss): void;
}

/**
 * Notices an indexer that is connected but dead: nothing came from it for too long, or nothing was
 * confirmed although confirmations are due. It is asked first, by PING or FORCE_ACK.
 */
export class Liveness {
  readonly #times: ConnectionTimes;
  readonly #subject: LivenessSubject;
  readonly #clock: Clock;
  readonly #interval: Timer;
  #hasHeard = true;
  #heardAt: number;
  #pingedAt: number | undefined;
  #lastPingAt: number;
  #confirmations = 0;
  #forcedAt: number | undefined;

  constructor(times: ConnectionTimes, subject: LivenessSubject, clock = realClock) {
    this.#times = times;
    this.#subject = subject;
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.#lastPingAt = this.#heardAt;
    const shorter = Math.min(times.silence, times.confirmation);
    const interval = Math.min(MAX_INTERVAL, Math.ceil(shorter / CHECKS));
    this.#interval = clock.every(interval, () => this.#check());
  }

  /** Bytes have come from the indexer. */
  heard(): void {
    this.#hasHeard = true;
  }

  /** Stops the checks. */
  end(): void {
    this.#interval.close();
  }

  #check(): void {
    const now = this.#clock.now();
    const half = this.#times.silence / 2;
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#pingedAt = undefined;
      this.#heardAt = now;
    } else if (this.#pingedAt === undefined) {
      if (now - this.#heardAt >= half) {
        this.#pingedAt = now;
        this.#subject.ping();
      }
    } else if (now - this.#pingedAt >= half) {
      // This thread itself may have been blocked: what arrived is read first.
      setImmediate(() => this.#giveUpIfSilent());
    }
    if (now - this.#lastPingAt >= PING_INTERVAL) {
      this.#lastPingAt = now;
      this.#subject.ping();
    }
    this.#checkConfirmations(now);
  }

  #giveUpIfSilent(): void {
    if (this.#hasHeard) return;
    const { silence } = this.#times;
    this.#subject.lost(
      new ConnectionLoss('timeout', `nothing heard from the indexer for ${silence} ms`),
    );
  }

  #checkConfirmations(now: number): void {
    const { confirmations, isOutstanding } = this.#subject;
    if (confirmations !== this.#confirmations || !isOutstanding) {
      this.#confirmations = confirmations;
      this.#forcedAt = undefined;
    } else if (this.#forcedAt === undefined) {
      this.#forcedAt = now;
      this.#subject.forceAck();
    } else if (now - this.#forcedAt >= this.#patience()) {
      setImmediate(() => this.#giveUpIfUnconfirmed());
    }
  }

  #giveUpIfUnconfirmed(): void {
    const { confirmations, isOutstanding } = this.#subject;
    if (confirmations !== this.#confirmations || !isOutstanding) return;
    const problem = `the indexer has confirmed nothing for ${Math.round(this.#patience())} ms`;
    this.#subject.lost(
      new ConnectionLoss('timeout', `${problem}, although entries are outstanding`),
    );
  }

  #patience(): number {
    return this.#times.confirmation + this.#subject.outstandingBytes / MIN_RATE;
  }
}
