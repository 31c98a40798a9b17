export { type NamedEntry, NoTagError, type SourceMuxer } from '@ringest/queues';
export { PoisonMessageError, SendError } from './errors.js';
export { KafkaSink, type KafkaSinkOptions, type KafkaSinkStats } from './kafka-sink.js';
export { KafkaSource, type KafkaSourceStats } from './kafka-source.js';
export type { KafkaSourceOptions, PoisonMessage, TopicRule } from './source-options.js';
