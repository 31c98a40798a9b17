export * from './admission/address.js';
export {
  acceptIngester,
  HANDSHAKE_TIMEOUT_MS,
  type HandshakeOptions,
  type HotIngester,
} from './admission/handshake.js';
export type { IndexerTls } from './admission/tls-material.js';
export * from './errors.js';
export * from './indexer.js';
export {
  type IndexerBehaviour,
  type IndexerOptions,
  MAX_ACK_DELAY_MS,
  MIN_READ_RATE,
} from './indexer-options.js';
export {
  type AdmittedIngester,
  IngestServer,
  type IngestServerOptions,
  type ServedIngester,
} from './ingest-server.js';
export type { ListenOptions } from './listen-options.js';
export type { CommandHandler } from './reading/command-responder.js';
export * from './reading/digest.js';
export * from './reading/entry-reader.js';
export * from './reading/entry-view.js';
export { SILENCE_TIMEOUT_MS } from './reading/idle-watch.js';
export type { EntryHandler, EntryRun, ReaderLimits } from './reading/message-reader.js';
export * from './reading/tag-table.js';
export { EntryFilter, type EntryFilterOptions } from './store/entry-filter.js';
export { type ReadStoreOptions, readStore, type StoreDamage } from './store/read-store.js';
export { Store, type StoreStats } from './store/store.js';
export type { StoreInlet } from './store/store-inlet.js';
export { MIN_STORE_BYTES, type StoreOptions } from './store/store-options.js';
export type { StoredBlock } from './store/stored-block.js';
