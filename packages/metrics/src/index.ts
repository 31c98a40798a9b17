export {
  type HistogramMetric,
  type HistogramSample,
  METRICS,
  type Metric,
  type PlainMetric,
  type Sample,
} from './definitions.js';
export { type Health, health } from './health.js';
export type { Labels, Snapshot } from './snapshot.js';
