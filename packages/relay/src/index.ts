export * from './errors.js';
export { Relay, type RelayStats } from './relay.js';
export { loadRelayFile, type RelayFile } from './relay-file.js';
export type { RelayListener, RelayOptions } from './relay-options.js';
