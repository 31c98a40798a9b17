export { type NamedEntry, NoTagError, UnreadableMessageError } from '@ringest/queues';
export { ConsumerError, isMissing, PublishError } from './errors.js';
export { JetStreamSink, type JetStreamSinkOptions } from './jetstream-sink.js';
export { JetStreamSource } from './jetstream-source.js';
export type {
  JetStreamSourceOptions,
  PoisonMessage,
  SourceMuxer,
  SubjectRule,
} from './source-options.js';
export type { JetStreamSourceStats } from './source-stats.js';
