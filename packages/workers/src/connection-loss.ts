import { DecodeError, messageOf } from '@ringest/codec';
import type { LossReason } from './endpoint.js';
import type { LossMessage } from './messages.js';

/** Why a lane's connection failed or ended, inside the worker. */
export class ConnectionLoss extends Error {
  readonly reason: LossReason;

  constructor(reason: LossReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  /** Any error, as a message to the main thread. */
  static toLoss(error: unknown): LossMessage {
    if (error instanceof ConnectionLoss) return { reason: error.reason, message: error.message };
    if (error instanceof DecodeError) return { reason: 'protocol', message: error.message };
    const message = messageOf(error);
    return { reason: 'lost', message };
  }
}

/** A loss after which the lane gives up: trying again would not help. */
export class FatalLoss extends ConnectionLoss {}
