/** Runs a task in a thread of its own, and in the next one when that thread dies. */
export * from './backoff.js';
export * from './worker-link.js';
export * from './worker-thread.js';
