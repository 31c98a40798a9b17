export * from './address.js';
export type { CommandHandler } from './command-responder.js';
export * from './digest.js';
export * from './entry-reader.js';
export * from './entry-view.js';
export * from './errors.js';
export * from './handshake.js';
export * from './indexer.js';
export * from './tag-table.js';
