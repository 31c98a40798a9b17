import type { Case } from '../case.js';
import { CUT_CASES } from './cuts.js';
import { DISK_AND_CLOCK_CASES } from './disks-and-clocks.js';
import { LINK_CASES } from './links.js';
import { MIDDLE_CASES } from './middles.js';
import { NAME_CASES } from './names.js';

/** All cases, in the order of the tables. */
export const CASES: readonly Case[] = [
  ...LINK_CASES,
  ...CUT_CASES,
  ...NAME_CASES,
  ...DISK_AND_CLOCK_CASES,
  ...MIDDLE_CASES,
];
