import { isMainThread } from 'node:worker_threads';
import { SelfWatch } from './self-watch.js';

/**
 * Loaded into every process of a soak before its own code (`--import`), the command `ringest` among them: it
 * tells the parent how the process is, and ends it when the parent is gone.
 */
export const REPORT_MS_VARIABLE = 'RINGEST_SOAK_REPORT_MS';

if (isMainThread && process.send !== undefined) {
  const watch = new SelfWatch();
  const tell = () => {
    if (!process.connected) process.exit();
    process.send?.({ kind: 'self', self: watch.take() }, undefined, {}, () => {});
  };
  setInterval(tell, Number(process.env[REPORT_MS_VARIABLE])).unref();
}
