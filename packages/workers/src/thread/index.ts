/** How a task runs in a thread of its own, and in another when that one dies. */
export * from './backoff.js';
export * from './worker-link.js';
export * from './worker-thread.js';
