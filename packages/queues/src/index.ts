export {
  check,
  checkLimits,
  isCount,
  isHeader,
  isObject,
  isText,
  type NamedHeader,
  type UnconfirmedLimits,
} from './check.js';
export {
  ENTRY_HEADERS,
  entryData,
  entryHeaders,
  headersSize,
  type NamedEntry,
} from './entry-headers.js';
export {
  type CheckedEntryOptions,
  checkEntryOptions,
  type EntryOptions,
} from './entry-options.js';
export { isAboutEntry, NoTagError, UnreadableMessageError } from './errors.js';
export { MessageEntries, type MessageReader } from './message-entries.js';
export { type NameRule, NameTags } from './name-tags.js';
export { PatientWriter } from './patient-writer.js';
export { type Batch, type Outcomes, Receipts } from './receipts.js';
export { Signal } from './signal.js';
export type { SourceMuxer } from './source-muxer.js';
export { whenRoom } from './when-room.js';
