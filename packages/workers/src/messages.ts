import type { RecordableHistogram } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { MuxerTag } from '@ringest/codec';
import type {
  ConnectionTimes,
  Credentials,
  Endpoint,
  Identity,
  LossReason,
  Session,
  TagName,
} from './endpoint.js';

/** A limit that all lanes of a muxer share; see `rate-limit.ts`. */
export interface RateLimitTask {
  readonly memory: SharedArrayBuffer;
  readonly bytesPerSecond: number;
}

/** The input of a lane's task in a worker. */
export interface LaneTask {
  readonly memory: WebAssembly.Memory;
  readonly kernel: WebAssembly.Module;
  readonly port: MessagePort;
  /** Microseconds from a socket write to its confirmation, one record for each write. */
  readonly latency: RecordableHistogram;
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  readonly identity: Identity;
  /** Tag names; the index is the muxer tag. */
  readonly tags: readonly string[];
  /** The lane gives up when the indexer has an older API version. */
  readonly minVersion: number;
  readonly rateLimit: RateLimitTask | undefined;
  readonly times: ConnectionTimes;
}

/** The doorbell: a message without content that makes the worker look at the cursors. */
export const DOORBELL = 0;

/** Messages from the main thread to the worker. */
export type ToWorker =
  | typeof DOORBELL
  | { readonly kind: 'flush' }
  | {
      readonly kind: 'large';
      readonly key: number;
      readonly memory: SharedArrayBuffer;
      /** Bytes of the frame, from the beginning of the memory on. */
      readonly bytes: number;
    }
  /** A large frame was moved to another lane, unsent. */
  | { readonly kind: 'largeMoved'; readonly key: number }
  /** Adds a tag. */
  | ({ readonly kind: 'tag' } & TagName)
  /** The ring that the worker waits for is free. */
  | { readonly kind: 'ringFree' }
  /** A whole INGESTER_STATE command (§8), for the current connection only. */
  | { readonly kind: 'state'; readonly command: Uint8Array }
  | {
      /** A block of unstamped frames (§10), back to back from the beginning of the memory on. */
      readonly kind: 'ditto';
      readonly key: number;
      readonly memory: SharedArrayBuffer;
      readonly bytes: number;
      readonly count: number;
    }
  /** Cancels a block, unless it is sent. */
  | { readonly kind: 'dittoCancel'; readonly key: number }
  | { readonly kind: 'close' };

/** A loss as a message between threads, which carries no classes. */
export interface LossMessage {
  readonly reason: LossReason;
  readonly message: string;
}

/** How a ditto block has ended. `lost`: it was sent, and the connection ended before the confirmation. */
export type DittoEnd =
  | { readonly kind: 'stored' | 'cancelled' | 'lost' }
  | { readonly kind: 'refused'; readonly result: number }
  | { readonly kind: 'unknownTag'; readonly tag: MuxerTag };

/** Pauses that an indexer has asked for (§4, THROTTLE), since the last report. */
export interface Throttling {
  /** How many. */
  readonly throttles: number;
  /** How long the latest one is. */
  readonly milliseconds: number;
}

/** Messages from the worker to the main thread. */
export type ToMain =
  | ({ readonly kind: 'hot' } & Session)
  | { readonly kind: 'lost'; readonly loss: LossMessage; readonly retryInMs: number }
  /** The worker has given up: trying again would not help. */
  | { readonly kind: 'fatal'; readonly loss: LossMessage }
  /** The answer of the indexer to a TAG command, when it refuses the tag or had refused it before. */
  | { readonly kind: 'tag'; readonly tag: MuxerTag; readonly isRefused: boolean }
  | { readonly kind: 'dittoEnd'; readonly key: number; readonly end: DittoEnd }
  | ({ readonly kind: 'throttled' } & Throttling)
  | { readonly kind: 'wake' }
  /** A large frame is confirmed: its memory is free. */
  | { readonly kind: 'largeReleased' };
