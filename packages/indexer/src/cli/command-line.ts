/** How command lines of the indexer, of the benchmarks and of `ringest` read secrets and values. */
export { SecretError } from '../errors.js';
export * from './cli-secret.js';
export * from './cli-values.js';
