export {
  InvalidTimeFormatError,
  InvalidTimeZoneError,
  TimeOptionError,
  TimeRangeError,
  UnknownTimeFormatError,
} from './errors.js';
export { TimeExtractor } from './extraction/time-extractor.js';
export { TIME_FORMATS, type TimeOptions, type TimeWindow } from './extraction/time-options.js';
export type { CustomFormat } from './formats/custom.js';
