/** What commands do with the folder of a cache, without a muxer. */
export { type DumpOutput, type DumpTotals, dumpCache } from './dump/cache-dump.js';
export { FileLock, type LockAttempt } from './main/file-lock.js';
export { type RequeueOptions, type RequeueTotals, requeueQuarantine } from './repair/requeue.js';
