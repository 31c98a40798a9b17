import { availableParallelism, cpus, totalmem } from 'node:os';
import type { TuneMachine } from './tune-report.js';

/** The machine that this runs on, or what a container lets it have of one. */
export function thisMachine(): TuneMachine {
  // Without a limit it is 0, or more than there is.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    processors: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: Math.min(totalmem(), limit),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
