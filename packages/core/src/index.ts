export {
  CacheError,
  CacheLockedError,
  CacheOpenError,
  CacheReadError,
  CacheSyncError,
  CacheThreadError,
  CacheWriteError,
  type DiskTrouble,
  type LockHolder,
} from '@ringest/cache/errors';
export type { SyncPolicy, WhenFull } from '@ringest/cache/settings';
export {
  checkTag,
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
  type TimestampDuration,
  type TimestampInput,
} from '@ringest/codec';
export {
  type CompressionName,
  ConnectionError,
  type ConnectionTimes,
  type LossReason,
  RingCorruptError,
  type SystemLimit,
  SystemLimitError,
} from '@ringest/workers';
export {
  Balancer,
  type BalancerOptions,
  type Candidate,
  POLICIES,
  type Policy,
} from './balancing/index.js';
export type { CacheStats } from './cache/cache-stats.js';
export * from './cache/errors.js';
export type { AttachInput } from './configuration/attachments.js';
export { CACHE_MODES, type CacheInput, type CacheMode } from './configuration/cache-settings.js';
export {
  LOG_LEVELS,
  type LogLevel,
  MIN_RATE_LIMIT,
  type MuxerConfiguration,
} from './configuration/configuration.js';
export type { UuidInput } from './configuration/kept-uuid.js';
export {
  type ConfigWarning,
  type MappedConfiguration,
  muxerConfiguration,
} from './configuration/muxer-configuration.js';
export {
  InvalidSecretError,
  InvalidTargetError,
  InvalidTlsError,
  type SecretInput,
  type TargetDefaults,
  type TargetInput,
  type TlsInput,
} from './configuration/targets/index.js';
export { EntryBlock, type EntryBlockOptions } from './entries/entry-block.js';
export type { FrameInlet } from './entries/frame-inlet.js';
export type { LineTime } from './entries/line-run.js';
export { LineWriter, type LineWriterOptions, type LineWriterStats } from './entries/line-writer.js';
export type { PackedOptions } from './entries/packed-entries.js';
export type { PackedTimes } from './entries/packed-run.js';
export * from './errors.js';
export * from './gravwell-file/index.js';
export { IngestMuxer } from './muxer.js';
export type {
  CloseReport,
  MuxerEvents,
  MuxerState,
  MuxerStatus,
  TargetStatus,
} from './muxer-events.js';
export {
  openProducer,
  type Producer,
  type ProducerEvents,
  type ProducerStats,
} from './producer/producer.js';
export type { ProducerHandle, ProducerTask } from './producing/messages.js';
export type { LogStream } from './reporting/log-stream.js';
export type { OwnLog } from './reporting/own-log.js';
export type { LogFields } from './reporting/self-log.js';
export type { ChildState } from './reporting/state-reporter.js';
export type {
  AckHistogram,
  AckLatency,
  Amounts,
  LaneState,
  LaneStats,
  MuxerStats,
} from './reporting/stats.js';
export { type StartableConfig, type StartOptions, startFromConfig } from './start-from-config.js';
export type { Abortable, MuxerWritable } from './streams/index.js';
export type {
  EntryChunk,
  EntryStreamOptions,
  LineStreamOptions,
  StreamOptions,
  StreamStats,
} from './streams/stream-options.js';
export { type CloseOptions, type HotWaitOptions, MAX_TIMER_MS, type WaitOptions } from './wait.js';
