export * from './arrival-account.js';
export * from './certificates.js';
export * from './entry-source.js';
export * from './random.js';
