import type { IngestMuxer } from '@ringest/core';
import type { RecordOptions } from './record-options.js';
import { RecordStream } from './record-stream.js';

export type { RecordOptions } from './record-options.js';
export type { RecordStats, RecordStream } from './record-stream.js';
export { type TransportOptions, transport as default } from './transport.js';

/**
 * Returns a destination for `pino(options, stream)` that ingests records with a muxer of the program, without
 * another thread. `end()` waits until everything is confirmed, or a warning of the process says why it cannot, and
 * does not close the muxer.
 * @throws {InvalidArgumentError | InvalidTagError} an option cannot be used
 */
export function recordStream(muxer: IngestMuxer, options: RecordOptions): RecordStream {
  return new RecordStream(muxer, options);
}
