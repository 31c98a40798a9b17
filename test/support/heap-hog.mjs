import { setImmediate as turn } from 'node:timers/promises';

// A task of a thread that takes memory until there is none: a little in each turn, because V8 ends the
// whole process where more is taken before it can stop the thread.
export async function hog() {
  for (const kept = []; ; await turn()) kept.push(new Array(5000).fill(0.5));
}
