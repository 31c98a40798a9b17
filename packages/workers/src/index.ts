export type { ConnectionTimes, Counter, Endpoint, Identity, LossReason } from './boundary.js';
export { LaneState } from './boundary.js';
export * from './errors.js';
export { dataSize, encodedSize, encodeFrame, type FrameParts } from './frame.js';
export { Lane, type LaneEvents, type LaneOptions, type Session } from './lane.js';
export { LanePool } from './lane-pool.js';
export { MAX_RING_BYTES, MIN_RING_BYTES } from './ring.js';
export type { WriterMark } from './ring-writer.js';
export { SharedMemoryPool } from './shared-memory.js';
