import type { Target } from '../target.js';
import { CONFIGURATION } from './configuration.js';
import { ENTRIES } from './entries.js';
import { LANE_INPUT } from './lane-input.js';
import { MESSAGE_READER } from './message-reader.js';
import { MESSAGES } from './messages.js';
import { SNAPPY } from './snappy.js';
import { STREAMS } from './streams.js';
import { TEXTS } from './texts.js';

/** Everything that reads foreign bytes. */
export const TARGETS: readonly Target[] = [
  ...MESSAGES,
  ...ENTRIES,
  ...SNAPPY,
  ...STREAMS,
  MESSAGE_READER,
  LANE_INPUT,
  ...CONFIGURATION,
  ...TEXTS,
];
