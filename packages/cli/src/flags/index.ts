/** How commands, the load generator too, read the flags that they have in common. */
export * from './cache-flags.js';
export * from './target-flags.js';
