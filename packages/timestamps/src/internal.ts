/** What the tests and the documentation of this repository use. It may change at any time. */
export { daysFromCivil, daysInMonth, isLeapYear, yearOf } from './civil.js';
export { BUILT_IN, type BuiltIn } from './formats/built-in.js';
export { compileLayout } from './layouts/compile.js';
export { parseOffset } from './zones/offset.js';
export { TimeZone } from './zones/time-zone.js';
