export { checkRelayListeners, checkRelayMuxer } from './check-relay-config.js';
export * from './errors.js';
export { Relay, type RelayListenerStats, type RelayStats } from './relay.js';
export {
  loadRelayConfig,
  loadRelayFile,
  type RelayConfig,
  type RelayFile,
  type RelayLoadOptions,
} from './relay-file.js';
export type { RelayListener, RelayOptions } from './relay-options.js';
