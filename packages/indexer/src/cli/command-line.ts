/** How command lines of the indexer and of the benchmarks read secrets and values. */
export * from './cli-secret.js';
export * from './cli-values.js';
