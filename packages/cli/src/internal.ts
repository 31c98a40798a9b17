/** What the tests of this repository use beside the public face. It may change at any time. */
export { createProgram } from './create-program.js';
export { EntryAccount, type EntryStream } from './ship/entries/entry-account.js';
export {
  type RecordOutput,
  RecordStream,
} from './ship/entries/record-stream.js';
export {
  beginningAt,
  beginningWith,
  endingWith,
  messagePack,
  type Splitter,
} from './ship/entries/splitters.js';
export { Follower } from './ship/follow/follower.js';
export { HeldBytes } from './ship/listen/held-bytes.js';
export { kernelDrops } from './ship/listen/kernel-drops.js';
export { CHUNK_BYTES, StreamRoom } from './ship/listen/stream-room.js';
export { octetCounted } from './ship/listen/syslog.js';
export { QueueWriter } from './ship/queues/queue-writer.js';
export { RareLines } from './ship/queues/rare-lines.js';
export { readInput } from './ship/read-input.js';
export { sharedWait } from './ship/shared-wait.js';
