import type { Fault } from '../../soak/hours/faults.js';
import { BAD, MUTED, seriesColour, TEXT } from '../figures/colours.js';

/** The colours of faults of a soak. */
export const SOAK_FAULT_COLOURS: Readonly<Record<Fault, string>> = {
  kill: BAD,
  outage: TEXT,
  stop: seriesColour(1),
  slow: seriesColour(3),
  throttle: seriesColour(5),
  pause: seriesColour(4),
  reset: seriesColour(7),
  refuse: seriesColour(6),
  fill: seriesColour(2),
  rotate: seriesColour(0),
  reconnect: MUTED,
  crash: BAD,
};
