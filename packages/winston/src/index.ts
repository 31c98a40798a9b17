export type { RecordOptions } from './record-entries.js';
export {
  RingestTransport,
  type RingestTransportOptions,
  type RingestTransportStats,
} from './ringest-transport.js';
