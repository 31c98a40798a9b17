import type { MessagePort } from 'node:worker_threads';
import type { DOORBELL, SharedRing, ToWorker } from '@ringest/workers';
import type { AttachedValue } from '../configuration/attachments.js';
import type { WindowInput } from '../configuration/configuration.js';
import type { ErrorMessage } from './error-message.js';

/**
 * What another thread needs to write entries for a muxer: the argument of `openProducer` there. It can be
 * posted to a worker thread, or be the argument of a Piscina task, with its `port` in the transfer list. It
 * holds no secret.
 */
export interface ProducerHandle {
  /** This must be transferred: `worker.postMessage(handle, [handle.port])`. */
  readonly port: MessagePort;
  /** For `openProducer` only; it may change with any version. */
  readonly task: ProducerTask;
}

/** What a producer is made of. */
export interface ProducerTask {
  readonly ring: SharedRing;
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  readonly refusedTags: readonly number[];
  readonly attached: readonly AttachedValue[] | undefined;
  /** The 4 or 16 bytes of the source of entries without one; `undefined`: that of their connection. */
  readonly source: Uint8Array | undefined;
  readonly maxEntrySize: number;
  readonly timestampWindow: WindowInput | undefined;
  /** Whether writes resolve once their entries are stored. */
  readonly isJournal: boolean;
  readonly batchBytes: number;
  readonly backlogBytes: number;
  readonly closeTimeout: number;
}

/** Messages from the producer's thread to the main thread. `key` comes back with the answer. */
export type ToMuxer =
  | typeof DOORBELL
  | Extract<ToWorker, { kind: 'large' }>
  /** Answer once everything before the position is confirmed. */
  | {
      readonly kind: 'barrier';
      readonly key: number;
      readonly position: number;
      readonly forces: boolean;
    }
  /** Add a tag, and answer with its number. */
  | { readonly kind: 'tag'; readonly key: number; readonly name: string }
  | {
      readonly kind: 'warn';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly error: ErrorMessage | undefined;
      readonly message: string;
    }
  /** The producer writes nothing more. */
  | { readonly kind: 'ended' }
  /**
   * The producer needs no answers any more. Its port closes as well, but later, if its thread does not run its
   * event loop: threads of a pool wait for their next task without it.
   */
  | { readonly kind: 'closed' };

/** Messages from the main thread to the producer's thread. */
export type ToProducer =
  | { readonly kind: 'wake' }
  /** A barrier is passed, or a tag is added. */
  | {
      readonly kind: 'answer';
      readonly key: number;
      readonly tag?: number;
      readonly error?: ErrorMessage;
    }
  /** Everything before a position is stored. */
  | { readonly kind: 'stored'; readonly position: number }
  /** What was written and is not stored will not be. */
  | { readonly kind: 'notStored'; readonly error: ErrorMessage }
  | { readonly kind: 'tagAdded'; readonly name: string }
  | { readonly kind: 'tagsRefused'; readonly tags: readonly number[] }
  | { readonly kind: 'attached'; readonly values: readonly AttachedValue[] }
  /** A large frame was taken out, with its memory; other memory comes in exchange, if any was free. */
  | { readonly kind: 'largeTaken'; readonly memory: SharedArrayBuffer | undefined }
  /** No target is left. */
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  /** The muxer closes: write nothing more. */
  | { readonly kind: 'close' };
