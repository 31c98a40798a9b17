export * from './address.js';
export * from './authentication.js';
export * from './byte-queue.js';
export * from './bytes.js';
export * from './command.js';
export * from './counted.js';
export * from './entry.js';
export * from './entry-json.js';
export {
  checkEnumeratedBlock,
  decodeEnumeratedBlock,
  type EnumeratedInput,
  encodeEnumeratedBlock,
  enumeratedBlockSize,
  MAX_BLOCK_BYTES,
  VALUE_BLOCK_HEADER_BYTES,
} from './enumerated-block.js';
export {
  type EnumeratedContent,
  type EnumeratedInputs,
  EnumeratedType,
} from './enumerated-type.js';
export * from './enumerated-value.js';
export { isError, messageOf } from './error-like.js';
export * from './errors.js';
export * from './frame.js';
export * from './indexer-stream.js';
export * from './ingester-command.js';
export * from './ingester-state.js';
export * from './ingester-stream.js';
export * from './negotiation.js';
export * from './snappy-framing.js';
export * from './source.js';
export * from './stream-decoder.js';
export * from './tag.js';
export * from './timestamp.js';
export * from './u64.js';
