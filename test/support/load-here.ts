import { isSound, parseLoadOptions, runLoad } from '@ringest/bench/internal';
import { onTestFinished } from 'vitest';
import { saidAtExit } from './refused-command.js';

// Loads as `pnpm load` runs them, with the same flags, but in the process of the test: one of its own
// takes a third of a second of processor to start. What people see of a load is tested with those.

class WrongLoad extends Error {}

/** Runs a load to its end, on connections none of which is lost. @returns what `--json` prints */
export async function loadHere<Report>(...flags: readonly string[]): Promise<Report> {
  const stop = new AbortController();
  const wrong = (what: string) => stop.abort(new WrongLoad(what));
  onTestFinished(() => stop.abort());
  const report = await runLoad(
    parseLoadOptions(['node', 'load', ...flags]),
    {
      lost: ({ message }) => wrong(`a connection was lost: ${message}`),
      left: (path) => wrong(`entries are left in ${path}`),
      started() {},
      ended() {},
      happened() {},
    },
    stop.signal,
  );
  if (!isSound(report)) wrong(JSON.stringify(report));
  stop.signal.throwIfAborted();
  return JSON.parse(JSON.stringify(report));
}

/**
 * What is said of a load that fails with these flags. It must say it at once: a load that would try
 * again, or that succeeds, fails the test.
 */
export async function loadFailure(...flags: readonly string[]): Promise<string> {
  try {
    const said = await saidAtExit(() => loadHere(...flags));
    if (said !== undefined) return said;
  } catch (error) {
    if (error instanceof WrongLoad || !(error instanceof Error)) throw error;
    return error.message;
  }
  throw new Error('the load has not failed');
}
