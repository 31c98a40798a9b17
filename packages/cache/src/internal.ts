/** What the tests and the benchmarks of this repository use beside the public face. It may change at any time. */
export * from './disk/disk.js';
export * from './disk/node-disk.js';
export * from './dump/cache-dump.js';
export * from './dump/segment-dump.js';
export * from './errors.js';
export * from './log/segment-log.js';
export * from './log/segment-reader.js';
export * from './main/cache-events.js';
export * from './main/cache-link.js';
export * from './main/folder-lock.js';
export * from './main/unsynced-blocks.js';
export * from './messages.js';
export * from './settings.js';
export * from './worker/cache-worker.js';
export * from './worker/disk-retry.js';
export * from './worker/message-batch.js';
