import { setTimeout as sleep } from 'node:timers/promises';
import { BacklogFullError } from '@ringest/core';

/** How long to wait when too many wait for room. */
const FULL_MS = 50;

/** Writes, however many others wait for room. */
export async function whenRoom(write: () => Promise<void> | undefined): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof BacklogFullError)) throw error;
      await sleep(FULL_MS);
    }
  }
}
