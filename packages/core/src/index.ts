export {
  type EntryInput,
  type EnumeratedInput,
  type EnumeratedScalar,
  EnumeratedType,
  EnumeratedValue,
  GRAVWELL_TAG,
  type IngesterState,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  InvalidSourceError,
  InvalidTagError,
  InvalidTimestampError,
  type MuxerTag,
  OversizedEntryError,
  OversizedEnumeratedBlockError,
  RingestError,
  remapTag,
  Source,
  type SourceInput,
  Timestamp,
  type TimestampInput,
} from '@ringest/codec';
export {
  CacheError,
  CacheLockedError,
  CacheOpenError,
  CacheReadError,
  CacheSyncError,
  CacheThreadError,
  CacheWriteError,
  type CompressionName,
  ConnectionError,
  type ConnectionTimes,
  type DiskTrouble,
  type LockHolder,
  type LossReason,
  RingCorruptError,
  type SyncPolicy,
  type SystemLimit,
  SystemLimitError,
  type WhenFull,
} from '@ringest/workers';
export type { AttachInput } from './attachments.js';
export { Balancer, type BalancerOptions, type Candidate, type Policy } from './balancing/index.js';
export type { CacheStats } from './cache/cache-stats.js';
export * from './cache/errors.js';
export type { CacheInput, CacheMode } from './cache/settings.js';
export * from './config-file/index.js';
export { MIN_RATE_LIMIT, type MuxerConfiguration } from './configuration.js';
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
export type { AckLatency, Amounts, LaneState, LaneStats, MuxerStats } from './stats.js';
export type { LogLevel } from './syslog-text.js';
export {
  InvalidSecretError,
  InvalidTargetError,
  InvalidTlsError,
  type SecretInput,
  type TargetDefaults,
  type TargetInput,
  type TlsInput,
} from './targets/index.js';
export type { WaitOptions } from './waiting.js';
