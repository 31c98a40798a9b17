export {
  METRICS,
  type Metric,
  type PlainMetric,
  type Sample,
  type SummaryMetric,
  type SummarySample,
} from './definitions.js';
export { type Health, health } from './health.js';
export type { Labels, Snapshot } from './snapshot.js';
