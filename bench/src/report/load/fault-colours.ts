import type { Fault } from '../../chaos/plan.js';
import { BAD, seriesColour } from '../figures/colours.js';

/** The colours of faults. */
export const FAULT_COLOURS: Readonly<Record<Fault, string>> = {
  kill: BAD,
  stop: seriesColour(1),
  slow: seriesColour(3),
  throttle: seriesColour(5),
};
