export { ConsumerError, NoTagError, PublishError } from './errors.js';
export { JetStreamSink, type JetStreamSinkOptions, type NamedEntry } from './jetstream-sink.js';
export { JetStreamSource, type JetStreamSourceStats } from './jetstream-source.js';
export type { JetStreamSourceOptions, PoisonMessage, SourceMuxer } from './source-options.js';
export type { SubjectRule } from './subject-tags.js';
