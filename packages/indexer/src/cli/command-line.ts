/** How command lines read secrets and values, and the flags of an indexer. */
export { SecretError } from '../errors.js';
export { addIndexerFlags, type CliOptions, explain } from './cli-options.js';
export * from './cli-secret.js';
export * from './cli-values.js';
