export {
  type CommonRecordOptions,
  checkCommonOptions,
  checkOption,
} from './record-options.js';
export { type FieldSource, type FieldValues, fieldValues, readTime } from './record-parts.js';
export { type RecordCounts, RecordWriter } from './record-writer.js';
