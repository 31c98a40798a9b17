/** How command lines of ringest read the flags that they have in common. */
export * from './cache-flags.js';
export * from './target-flags.js';
