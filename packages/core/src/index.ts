export {
  type EntryInput,
  EnumeratedType,
  EnumeratedValue,
  GRAVWELL_TAG,
  type MuxerTag,
  RingestError,
  Source,
  Timestamp,
  type TimestampInput,
} from '@ringest/codec';
export { ConnectionError, type ConnectionTimes } from '@ringest/workers';
export * from './config-file/index.js';
export type { MuxerConfiguration } from './configuration.js';
export * from './errors.js';
export { type CloseReport, IngestMuxer, type MuxerEvents } from './muxer.js';
export type { AckLatency, LaneStats, MuxerStats } from './stats.js';
export { InvalidTargetError } from './target.js';
export type { WaitOptions } from './waiting.js';
