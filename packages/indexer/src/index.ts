export * from './address.js';
export type { CommandHandler } from './command-responder.js';
export * from './digest.js';
export * from './entry-reader.js';
export * from './entry-view.js';
export * from './errors.js';
export {
  acceptIngester,
  HANDSHAKE_TIMEOUT_MS,
  type HandshakeOptions,
  type HotIngester,
} from './handshake.js';
export { SILENCE_TIMEOUT_MS } from './idle-watch.js';
export * from './indexer.js';
export {
  type IndexerBehaviour,
  type IndexerOptions,
  MAX_ACK_DELAY_MS,
  MIN_READ_RATE,
} from './indexer-options.js';
export type { EntryHandler } from './message-reader.js';
export * from './tag-table.js';
export type { IndexerTls } from './tls-material.js';
