import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/** How often embedded indexers have an answer hashed: from this, and less than that (§3). */
const MIN_ITERATIONS = 10_000;
const ITERATIONS_END = 20_000;

const { randomInt } = crypto;
let users = 0;

/** Draws as Node.js does, but for the iterations of a challenge. */
function draw(min: number, max: number, ...rest: unknown[]): unknown {
  if (min === MIN_ITERATIONS && max === ITERATIONS_END) return 1;
  return Reflect.apply(randomInt, crypto, [min, max, ...rest]);
}

function replace(replacement: unknown): void {
  Object.assign(crypto, { randomInt: replacement });
  // What was imported by name changes with it.
  syncBuiltinESMExports();
}

/**
 * Until the test is finished, embedded indexers of this process challenge with one iteration: a
 * handshake costs both sides tens of milliseconds of processor otherwise, which is a lot where it is
 * not what a test is about.
 */
export function lightChallenges(): void {
  users++;
  replace(draw);
  onTestFinished(() => {
    users--;
    if (users === 0) replace(randomInt);
  });
}
