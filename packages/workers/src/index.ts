export { countedEntries } from '@ringest/codec';
export { type Clock, realClock, type Timer } from './clock.js';
export { RateLimit } from './connection/rate-limit.js';
export type {
  CompressionName,
  ConnectionTimes,
  Credentials,
  Endpoint,
  Identity,
  LossReason,
  Session,
  TagName,
  TlsTrust,
  Transport,
} from './endpoint.js';
export * from './errors.js';
export { Lane, type LaneEvents, type LaneOptions } from './lane/lane.js';
export { LanePool } from './lane/lane-pool.js';
export { type DetachedFrame, LaneRing } from './lane/lane-ring.js';
export {
  type DittoEnd,
  DOORBELL,
  type RateLimitTask,
  type Throttling,
  type ToWorker,
} from './messages.js';
export type { EntryRun, RunOutcome } from './ring/entry-run.js';
export { encodedSize, encodeFrame, type FrameParts, frameTag, retagFrame } from './ring/frame.js';
export {
  FrameStage,
  MAX_DELIMITER_BYTES,
  MAX_STAGED_BYTES,
  MAX_TAIL_BYTES,
} from './ring/frame-stage.js';
export { kernelModule } from './ring/kernel.js';
export {
  addLatencies,
  type BucketCounts,
  LATENCY_BOUNDS,
  noLatencies,
} from './ring/latency-buckets.js';
export type { Counter } from './ring/memory-layout.js';
export {
  CONTROL_WORDS,
  Control,
  LaneState,
  MAX_RECORDS as MAX_STAGED_ENTRIES,
} from './ring/memory-layout.js';
export { HALF_LIFE, Meter } from './ring/meter.js';
export {
  createRing,
  MAX_RING_BYTES,
  MIN_RING_BYTES,
  Ring,
  type SharedRing,
  takeWake,
} from './ring/ring.js';
export type { FrameWriter, WriterMark } from './ring/ring-writer.js';
export { type FrameRun, RunReader } from './ring/run-reader.js';
export { SharedMemoryPool, sharedBytesOf } from './ring/shared-memory.js';
export { StagingRing } from './ring/staging-ring.js';
