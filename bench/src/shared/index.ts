/** What the tests of this repository use of the benchmarks' helpers. */

export { DIGESTS, type DigestKind, MAX_SLOTS } from '../contents/choices.js';
export { CONTENTS, type Content, leastBytes, sequencePlace } from '../contents/content.js';
export {
  EntrySource,
  type LoadContents,
  type LoadEntry,
} from '../contents/entry-source.js';
export { createDigest } from '../contents/load-digest.js';
export { Tally } from './arrival-account.js';
export { Arrivals } from './arrivals.js';
export {
  type CertificateAndKey,
  CertificateAuthority,
  type CertificateOptions,
  selfSigned,
} from './certificates.js';
export { hasNatsProgram, NATS_PROGRAM } from './nats-program.js';
export { SeededRandom } from './random.js';
