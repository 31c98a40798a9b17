export { type NamedEntry, NoTagError, type SourceMuxer } from '@ringest/queues';
export { PoisonMessageError, SendError } from './errors.js';
export { KafkaSink, type KafkaSinkOptions, type KafkaSinkStats } from './kafka-sink.js';
export { KafkaSource } from './kafka-source.js';
export type { KafkaSourceOptions, PoisonMessage, TopicRule } from './source-options.js';
export type { KafkaSourceStats } from './source-stats.js';
