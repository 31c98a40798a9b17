import type { RecordableHistogram } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
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

/** What the main thread hands to a lane's worker task. */
export interface LaneTask {
  readonly memory: WebAssembly.Memory;
  readonly kernel: WebAssembly.Module;
  readonly port: MessagePort;
  /** Microseconds from hand-over to confirmation, one record per socket write. */
  readonly latency: RecordableHistogram;
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  readonly identity: Identity;
  /** Tag names; the index is the muxer tag. */
  readonly tags: readonly string[];
  /** An indexer of an older API version is not connected to. */
  readonly minVersion: number;
  readonly rateLimit: RateLimitTask | undefined;
  readonly times: ConnectionTimes;
}

/** From the main thread to the worker. A bare `doorbell` says: look at the cursors. */
export const DOORBELL = 0;
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
  /** A large frame has left the ring without having been sent. */
  | { readonly kind: 'largeMoved'; readonly key: number }
  /** One more tag. */
  | ({ readonly kind: 'tag' } & TagName)
  /** The ring that the worker waits for is nobody's. */
  | { readonly kind: 'ringFree' }
  /** A whole INGESTER_STATE command (§8), for now; it does not outlast the connection. */
  | { readonly kind: 'state'; readonly command: Uint8Array }
  | {
      /** A block of unstamped frames (§10), back to back from the beginning of the memory on. */
      readonly kind: 'ditto';
      readonly key: number;
      readonly memory: SharedArrayBuffer;
      readonly bytes: number;
      readonly count: number;
    }
  /** Do not send a block if it is not sent yet. */
  | { readonly kind: 'dittoCancel'; readonly key: number }
  | { readonly kind: 'close' };

/** An error on its way between threads, where classes do not survive. */
export interface LossMessage {
  readonly reason: LossReason;
  readonly message: string;
}

/** What became of a ditto block; `lost`: nobody knows. */
export type DittoEnd =
  | { readonly kind: 'stored' | 'cancelled' | 'lost' }
  | { readonly kind: 'refused'; readonly result: number }
  | { readonly kind: 'unknownTag'; readonly tag: number };

/** From the worker to the main thread. */
export type ToMain =
  | ({ readonly kind: 'hot' } & Session)
  | { readonly kind: 'lost'; readonly loss: LossMessage; readonly retryInMs: number }
  /** It is of no use to try again: the worker has ended the lane. */
  | { readonly kind: 'fatal'; readonly loss: LossMessage }
  /** Whether the indexer takes a tag that was asked for by TAG. */
  | { readonly kind: 'tag'; readonly tag: number; readonly isRefused: boolean }
  | { readonly kind: 'dittoEnd'; readonly key: number; readonly end: DittoEnd }
  | { readonly kind: 'wake' }
  /** A large frame is confirmed: its memory is free. */
  | { readonly kind: 'largeReleased' };
