/** What the tests of this repository use of the benchmarks' helpers. */
export { Tally } from './arrival-account.js';
export {
  type CertificateAndKey,
  CertificateAuthority,
  type CertificateOptions,
  selfSigned,
} from './certificates.js';
export { EntrySource, type LoadContents, type LoadEntry, MAX_SLOTS } from './entry-source.js';
export { SeededRandom } from './random.js';
