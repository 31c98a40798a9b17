/** What the tests and the benchmarks of this repository use beside the public face. It may change at any time. */
export * from './admission/answer-queue.js';
export * from './cli/cli-options.js';
export * from './reading/message-reader.js';
export * from './reading/reply-writer.js';
