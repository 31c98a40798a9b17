export {
  type EntryInput,
  EnumeratedType,
  EnumeratedValue,
  GRAVWELL_TAG,
  type IngesterState,
  type MuxerTag,
  RingestError,
  remapTag,
  Source,
  Timestamp,
  type TimestampInput,
} from '@ringest/codec';
export { ConnectionError, type ConnectionTimes } from '@ringest/workers';
export type { AttachInput } from './attachments.js';
export { Balancer, type BalancerOptions, type Candidate, type Policy } from './balancing/index.js';
export * from './config-file/index.js';
export type { MuxerConfiguration } from './configuration.js';
export * from './errors.js';
export { IngestMuxer } from './muxer.js';
export type {
  CloseReport,
  MuxerEvents,
  MuxerState,
  MuxerStatus,
  TargetStatus,
} from './muxer-events.js';
export type { ChildState } from './state-reporter.js';
export type { AckLatency, Amounts, LaneStats, MuxerStats } from './stats.js';
export { InvalidTargetError } from './target.js';
export type { WaitOptions } from './waiting.js';
