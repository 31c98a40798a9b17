/** How the command lines of indexers, and of what ingests for a trial, read secrets and values. */
export * from './cli-secret.js';
export * from './cli-values.js';
