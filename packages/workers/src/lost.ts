import { DecodeError } from '@ringest/codec';
import type { Loss, LossReason } from './boundary.js';

/** Why a lane's connection failed or ended, inside the worker. */
export class Lost extends Error {
  readonly reason: LossReason;

  constructor(reason: LossReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  /** Any error, as it crosses to the main thread. */
  static toLoss(error: unknown): Loss {
    if (error instanceof Lost) return { reason: error.reason, message: error.message };
    if (error instanceof DecodeError) return { reason: 'protocol', message: error.message };
    const message = error instanceof Error ? error.message : String(error);
    return { reason: 'lost', message };
  }
}

/** The same, and trying again is of no use. */
export class FatallyLost extends Lost {}
