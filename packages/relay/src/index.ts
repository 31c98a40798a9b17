export * from './errors.js';
export { Relay, type RelayStats } from './relay.js';
export type { RelayListener, RelayOptions } from './relay-options.js';
