import { type Clock, realClock, type Timer } from '../clock.js';
import { ConnectionLoss } from '../connection-loss.js';
import type { ConnectionTimes } from '../endpoint.js';

/** How often is looked, as a part of the shorter time, and in milliseconds at most. */
const LOOKS = 8;
const LONGEST_INTERVAL = 1000;
/** Bytes a millisecond that the slowest link is taken to carry: a large entry needs its time. */
const LEAST_RATE = 1024;
/** An indexer that has heard nothing for ten minutes hangs up (§11). */
const PING_INTERVAL = 300_000;

/** What a watch looks at, and does. */
export interface LivenessSubject {
  /** A number that grows with every confirmation. */
  readonly confirmations: number;
  /** Whether something was sent that the indexer has to confirm. */
  readonly isOutstanding: boolean;
  /** Bytes of that. */
  readonly outstandingBytes: number;
  /** Asks for a sign of life. */
  ping(): void;
  /** Asks for the confirmation of all that was sent. */
  forceAck(): void;
  lost(error: ConnectionLoss): void;
}

/**
 * Notices an indexer that is connected but gone: nothing heard for too long, or nothing confirmed
 * although entries are outstanding. Before either counts, it is asked.
 */
export class Liveness {
  readonly #times: ConnectionTimes;
  readonly #watched: LivenessSubject;
  readonly #clock: Clock;
  readonly #interval: Timer;
  #hasHeard = true;
  #heardAt: number;
  #pingedAt: number | undefined;
  #calledAt: number;
  #confirmations = 0;
  #forcedAt: number | undefined;

  constructor(times: ConnectionTimes, watched: LivenessSubject, clock = realClock) {
    this.#times = times;
    this.#watched = watched;
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.#calledAt = this.#heardAt;
    const shorter = Math.min(times.silence, times.confirmation);
    const interval = Math.min(LONGEST_INTERVAL, Math.ceil(shorter / LOOKS));
    this.#interval = clock.every(interval, () => this.#look());
  }

  /** The indexer has said something. */
  heard(): void {
    this.#hasHeard = true;
  }

  end(): void {
    this.#interval.close();
  }

  #look(): void {
    const now = this.#clock.now();
    const half = this.#times.silence / 2;
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#pingedAt = undefined;
      this.#heardAt = now;
    } else if (this.#pingedAt === undefined) {
      if (now - this.#heardAt >= half) {
        this.#pingedAt = now;
        this.#watched.ping();
      }
    } else if (now - this.#pingedAt >= half) {
      // This thread may have been away itself: what has come in meanwhile is read before.
      setImmediate(() => this.#giveUpIfSilent());
    }
    if (now - this.#calledAt >= PING_INTERVAL) {
      this.#calledAt = now;
      this.#watched.ping();
    }
    this.#lookAtConfirmations(now);
  }

  #giveUpIfSilent(): void {
    if (this.#hasHeard) return;
    const { silence } = this.#times;
    this.#watched.lost(
      new ConnectionLoss('timeout', `nothing heard from the indexer for ${silence} ms`),
    );
  }

  #lookAtConfirmations(now: number): void {
    const { confirmations, isOutstanding } = this.#watched;
    if (confirmations !== this.#confirmations || !isOutstanding) {
      this.#confirmations = confirmations;
      this.#forcedAt = undefined;
    } else if (this.#forcedAt === undefined) {
      this.#forcedAt = now;
      this.#watched.forceAck();
    } else if (now - this.#forcedAt >= this.#patience()) {
      setImmediate(() => this.#giveUpIfUnconfirmed());
    }
  }

  #giveUpIfUnconfirmed(): void {
    const { confirmations, isOutstanding } = this.#watched;
    if (confirmations !== this.#confirmations || !isOutstanding) return;
    const problem = `the indexer has confirmed nothing for ${Math.round(this.#patience())} ms`;
    this.#watched.lost(
      new ConnectionLoss('timeout', `${problem}, although entries are outstanding`),
    );
  }

  #patience(): number {
    return this.#times.confirmation + this.#watched.outstandingBytes / LEAST_RATE;
  }
}
