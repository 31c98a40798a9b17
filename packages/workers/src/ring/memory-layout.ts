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
 * 336000  slots              8192 x u16, index: slot of the ring, value: the block that is there
 * 352384  stage              records of 32 bytes, sources, bodies: entries on their way into the ring
 * 458752  blocks             those of the ring, and one more
 * ```
 *
 * Only the words of the control block are touched by both threads at a time, and only through
 * `Atomics`. The tag tables and the receive area belong to the worker, the stage to the producer;
 * the ring's bytes and the slots they lie in change hands with the cursors (see `ring.ts`).
 */
export const CONTROL_AT = 4096;
export const TO_INDEXER_AT = 8192;
export const TO_MUXER_AT = TO_INDEXER_AT + 2 * 65536;
const RECEIVE_HEADROOM = 64;
export const RECEIVE_AT = TO_MUXER_AT + 2 * 65536 + RECEIVE_HEADROOM;
export const RECEIVE_BYTES = 65536;
export const SLOTS_AT = 336000;
export const MAX_SLOTS = 8192;
export const RECORD_BYTES = 32;
export const RECORDS_AT = SLOTS_AT + 2 * MAX_SLOTS;
/** The most entries that can be staged before they are laid into a ring. */
export const MAX_RECORDS = 1024;
export const SOURCES_AT = RECORDS_AT + MAX_RECORDS * RECORD_BYTES;
export const SOURCE_BYTES = 16;
export const MAX_SOURCES = 64;
export const BODIES_AT = SOURCES_AT + MAX_SOURCES * SOURCE_BYTES;
export const BLOCKS_AT = 458752;
export const BODIES_BYTES = BLOCKS_AT - BODIES_AT;

/** The length of the control block at the start of the memory of a ring, in 32-bit words. */
export const CONTROL_WORDS = 1024;

/** The fields of a record of the stage, by their offsets in bytes; see `Kernel.lay`. */
export const RecordField = {
  body: 0,
  bodyBytes: 4,
  length: 8,
  tag: 12,
  seconds: 16,
  nanoseconds: 24,
  source: 28,
} as const;

/** The value of an unknown tag in both tables; the `gravwell` tag 0xffff maps to itself. */
export const UNKNOWN_TAG = 0xffff;

/** Indexes of int32 words in the control block. */
export const Control = {
  /** The size of the ring in bytes; it never changes. */
  ringBytes: 8,
  /** Cursor: the main thread has committed everything before it. */
  written: 0,
  /** Cursor: the worker has stamped everything before it and handed it to the socket. */
  sent: 32,
  /** Cursor: the indexer has confirmed everything before it; its room is free. */
  released: 64,
  /** 1 while the worker waits for a doorbell. The thread that changes it to 0 rings it. */
  asleep: 96,
  /** 1 while the main thread waits for `released` to reach `wakeAt`. The worker changes it to 0. */
  wakeArmed: 128,
  wakeAt: 129,
  /** A `LaneState`. */
  state: 160,
  /** A `RingOwner`: who may move `sent` and `released`, and touch the bytes between them. */
  ringOwner: 161,
  /** 1 while the worker waits for the ring. The main thread changes it to 0 when it gives the ring back. */
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
  /** The sum of all latencies in microseconds, an unsigned 64-bit number as a pair of words, low word first. */
  latencySum: 256,
  /** How many latencies are in each bucket, as pairs of words; see `latency-buckets.ts`. */
  latencyCounts: 258,
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
/** The name of a number that the worker of a lane counts up, such as `sentEntries`. */
export type Counter = (typeof counters)[number];

/** What a lane is doing. `parked` is between two connections, `closed` after the last. */
export const LaneState = {
  connecting: 0,
  hot: 1,
  ending: 2,
  parked: 3,
  closed: 4,
} as const;
export type LaneState = (typeof LaneState)[keyof typeof LaneState];

/**
 * The owner of a ring. The worker owns it from the end of a handshake until all stamps of that
 * connection are removed. The main thread may take a ring without an owner, to move frames to other
 * lanes. Both take it from `nobody` by compare-exchange. The ring of a dead worker falls to the main
 * thread.
 */
export const RingOwner = {
  nobody: 0,
  worker: 1,
  main: 2,
} as const;
