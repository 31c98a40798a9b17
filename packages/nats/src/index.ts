export { type NamedEntry, NoTagError } from '@ringest/queues';
export { ConsumerError, PublishError } from './errors.js';
export { JetStreamSink, type JetStreamSinkOptions } from './jetstream-sink.js';
export { JetStreamSource, type JetStreamSourceStats } from './jetstream-source.js';
export type {
  JetStreamSourceOptions,
  PoisonMessage,
  SourceMuxer,
  SubjectRule,
} from './source-options.js';
