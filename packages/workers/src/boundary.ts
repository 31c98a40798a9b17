import type { RecordableHistogram } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { Compression } from '@ringest/codec';

/**
 * The thread boundary: all that the main thread and a lane's worker share. Nothing else crosses.
 *
 * A lane has one shared `WebAssembly.Memory`:
 *
 * ```
 *      0  (left to the kernel's compiler)
 *   4096  control block      int32 words, see `Control`; each hot word alone on its 128 bytes
 *   8192  tags to indexer    65536 x u16, index: muxer tag, value: indexer tag; 0xffff: unknown
 * 139264  tags to muxer      65536 x u16, the other way round
 * 270336  receive area       64 bytes of headroom, then what the socket reads
 * 344064  staging            one short body, 8-aligned, on its way into the ring
 * 393216  ring               a power of two of bytes
 * ```
 *
 * Only the words of the control block are touched by both threads at a time, and only through
 * `Atomics`. The tag tables and the receive area belong to the worker, the staging area to the
 * main thread; the ring's bytes change hands with the cursors (see `ring.ts`).
 */
export const CONTROL_AT = 4096;
export const TO_INDEXER_AT = 8192;
export const TO_MUXER_AT = TO_INDEXER_AT + 2 * 65536;
const RECEIVE_HEADROOM = 64;
export const RECEIVE_AT = TO_MUXER_AT + 2 * 65536 + RECEIVE_HEADROOM;
export const RECEIVE_BYTES = 65536;
export const STAGING_AT = 344064;
export const STAGING_BYTES = 512;
export const RING_AT = 393216;

export const CONTROL_WORDS = 1024;

/** The value of an unknown tag in both tables; the `gravwell` tag 0xffff maps to itself. */
export const UNKNOWN_TAG = 0xffff;

/** Indexes of int32 words in the control block. */
export const Control = {
  /** Cursor: the main thread has committed everything before it. */
  written: 0,
  /** Cursor: the worker has stamped everything before it and handed it to the socket. */
  sent: 32,
  /** Cursor: the indexer has confirmed everything before it; its room is free. */
  released: 64,
  /** 1 while the worker waits for a doorbell; whoever takes it to 0 rings. */
  asleep: 96,
  /** 1 while the main thread waits for `released` to reach `wakeAt`; the worker takes it to 0. */
  wakeArmed: 128,
  wakeAt: 129,
  /** A `LaneState`. */
  state: 160,
  /** A `RingOwner`: who may move `sent` and `released`, and touch the bytes between them. */
  ringOwner: 161,
  /** 1 while the worker waits for the main thread to give the ring back, which takes it to 0. */
  ringWanted: 162,
  /** Confirmed bytes a millisecond while the lane was busy, a moving average; 0: not known yet. */
  rate: 192,
  /** Microseconds from handing over to confirmation, a moving average; 0: nothing confirmed yet. */
  latency: 193,
  /** Until when the indexer wants nothing sent, as `sharedMilliseconds` of the clock; 0: it does. */
  throttledUntil: 194,
  /** Odd while the worker changes the counters below. */
  countersSequence: 224,
  /** Unsigned 64-bit counters as pairs of words, low word first; see `Counter`. */
  counters: 226,
} as const;

/** The counters a worker publishes, in the order they stand in the control block. */
export const counters = [
  'sentEntries',
  'sentBytes',
  'confirmedEntries',
  'confirmedBytes',
  'resentEntries',
  'resentBytes',
  'wireBytes',
  'connects',
] as const;
export type Counter = (typeof counters)[number];

/** What a lane is doing. `parked` is between two connections, `closed` after the last. */
export const LaneState = {
  connecting: 0,
  hot: 1,
  draining: 2,
  parked: 3,
  closed: 4,
} as const;
export type LaneState = (typeof LaneState)[keyof typeof LaneState];

/**
 * Who owns a ring. The worker does from the first frame of a connection until the last one's stamp
 * is taken back; while nobody does, the main thread may, to move frames to other lanes. Both take
 * it from `nobody` by compare-exchange, but for a worker that died: its ring falls to the main thread.
 */
export const RingOwner = {
  nobody: 0,
  worker: 1,
  main: 2,
} as const;

/** How an indexer is reached (§1). */
export type Transport =
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'pipe'; readonly path: string };

/** What a lane connects to. */
export interface Endpoint {
  /** How logs and errors name it. */
  readonly address: string;
  readonly transport: Transport;
  /** For whom its entries are; empty: for nobody in particular. */
  readonly tenant: string;
  /** What the indexer is asked for (§9); it may choose none. */
  readonly compression: Compression;
}

/** Whom a lane trusts over TLS, and what it shows of itself. Certificates and keys are PEM texts. */
export interface TlsTrust {
  /** Authorities that may have signed the indexer's certificate; `undefined`: those of Node.js. */
  readonly ca: readonly string[] | undefined;
  /** The host that the certificate must be for; `undefined`: that of the address. */
  readonly servername: string | undefined;
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Whether whoever answers is taken for the indexer. */
  readonly insecureSkipVerify: boolean;
}

/** What a lane has to show and must never tell: apart from the endpoint, which anybody may see. */
export interface Credentials {
  /** The authentication hash (§3), never the secret itself. */
  readonly secretHash: Uint8Array;
  /** For a `tls` transport. */
  readonly tls: TlsTrust;
}

/** Who the ingester says it is (protocol §4, ID). */
export interface Identity {
  readonly name: string;
  readonly version: string;
  readonly uuid: string;
}

/** Times of a connection, all in milliseconds. */
export interface ConnectionTimes {
  /** To find the addresses of the host; and then for each of them to be connected to. */
  readonly dial: number;
  /** From connected to secure. */
  readonly tls: number;
  /** From connected, and secure, to the tag response; and then for each reply. */
  readonly handshake: number;
  /** Before asking again an indexer that is not ready to ingest. */
  readonly notReady: number;
  /** Before the first retry; it doubles with each further one. */
  readonly firstRetry: number;
  readonly mostRetry: number;
  /** Without a word from the indexer, of a connection that is hot, before it counts as lost. */
  readonly silence: number;
  /**
   * Without a confirmation although entries are outstanding, before it counts as lost; for each MiB
   * of them, a second more.
   */
  readonly confirmation: number;
}

/** A tag of the muxer. */
export interface TagName {
  readonly tag: number;
  readonly name: string;
}

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

/** What a hot connection has agreed on. */
export interface Session {
  readonly indexerVersion: number;
  /** An IP address; `::1` over a pipe. */
  readonly localAddress: string;
  readonly compression: CompressionName;
}

export type CompressionName = keyof typeof Compression;

/** Why a connection failed or ended. */
export type LossReason =
  | 'dial'
  | 'certificate'
  | 'authentication'
  | 'tags'
  | 'version'
  | 'protocol'
  | 'timeout'
  | 'lost'
  | 'worker';

/** An error on its way between threads, where classes do not survive. */
export interface Loss {
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
  | { readonly kind: 'lost'; readonly loss: Loss; readonly retryInMs: number }
  /** It is of no use to try again: the worker has ended the lane. */
  | { readonly kind: 'fatal'; readonly loss: Loss }
  /** Whether the indexer takes a tag that was asked for by TAG. */
  | { readonly kind: 'tag'; readonly tag: number; readonly isRefused: boolean }
  | { readonly kind: 'dittoEnd'; readonly key: number; readonly end: DittoEnd }
  | { readonly kind: 'wake' }
  /** A large frame is confirmed: its memory is free. */
  | { readonly kind: 'largeReleased' };
