export type {
  CompressionName,
  ConnectionTimes,
  Counter,
  Credentials,
  DittoEnd,
  Endpoint,
  Identity,
  LossReason,
  RateLimitTask,
  Session,
  TagName,
  TlsTrust,
  Transport,
} from './boundary.js';
export { CONTROL_WORDS, Control, LaneState } from './boundary.js';
export type {
  CacheBlock,
  CachedBlock,
  CacheFindings,
  CacheSegment,
  CacheSettings,
  DamagedSegment,
  DroppedSegment,
  SyncPolicy,
  WhenFull,
} from './cache/cache-boundary.js';
export type { CacheEvents, CacheLinkOptions, CacheReport } from './cache/cache-events.js';
export { CacheLink } from './cache/cache-link.js';
export * from './cache/errors.js';
export type { Place as CachePlace } from './cache/segment-log.js';
export { type Clock, realClock, type Timer } from './clock.js';
export { countedEntries } from './counted.js';
export * from './errors.js';
export { encodedSize, encodeFrame, type FrameParts, frameTag, retagFrame } from './frame.js';
export { Lane, type LaneEvents, type LaneOptions } from './lane.js';
export { LanePool } from './lane-pool.js';
export type { LooseFrame } from './lane-ring.js';
export { HALF_LIFE, Meter } from './meter.js';
export { RateLimit } from './rate-limit.js';
export { MAX_RING_BYTES, MIN_RING_BYTES } from './ring.js';
export type { WriterMark } from './ring-writer.js';
export { SharedMemoryPool, sharedBytesOf } from './shared-memory.js';
export { StagingRing } from './staging-ring.js';
