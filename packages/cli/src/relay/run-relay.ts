import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { AllTargetsFailedError, type CloseReport } from '@ringest/core';
import { Relay, type RelayListener, RelayReloadError } from '@ringest/relay';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { HangUps } from '../ship/hang-ups.js';
import { shipLogger } from '../ship/ship-log.js';
import { Stopping } from '../ship/stopping.js';
import type { StatusCounts } from '../status/status-reply.js';
import { serveStatus } from '../status/status-server.js';
import { planOf, type RelayChoice } from './relay-choice.js';

/**
 * Runs a relay until a signal, and waits until what it has read is confirmed.
 * @throws what keeps it from beginning or going on: a flag, a file, an address, or targets that all failed for good
 */
export async function runRelay(choice: RelayChoice): Promise<ExitStatus> {
  const say = (line: string) => void process.stderr.write(`ringest: ${line}\n`);
  using hangUps = new HangUps();
  const { listeners, muxer, warnings } = planOf(choice);
  for (const warning of warnings) say(warning);
  const logger = shipLogger((line) => void process.stderr.write(`${line}\n`), false);
  await using relay = new Relay({ listeners, muxer, logger });
  using stopping = new Stopping(choice.graceMs, () => say('left at once'));
  const failed = allFailed(relay);
  await relay.start();
  for (const { name, addresses } of relay.stats().listeners) {
    say(`listener ${name}: ${addresses.join(', ')}`);
  }
  const source = {
    command: 'relay',
    muxers: relay.muxers,
    counts: () => countsOf(relay),
    ingestListeners: () => relay.stats().listeners,
  } as const;
  await using _status = await serveStatus(choice.statusSocket, source, (line) =>
    say(line.replace(/^ringest: /, '')),
  );
  hangUps.serve((signal) => reload(relay, listeners, choice, signal, say));
  await Promise.race([aborted(stopping.reading), failed]);
  return tellEnd(relay, await relay.close(), say);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Rejects once nothing can be sent any more for some tenant. */
function allFailed(relay: Relay): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    for (const muxer of relay.muxers.values()) {
      muxer.on('error', (error) => {
        const { targets } = muxer.status();
        const isOver = targets.every(({ fatalError }) => fatalError !== undefined);
        if (isOver) reject(new AllTargetsFailedError(error));
      });
    }
  });
  // It may be over before somebody waits for it.
  failed.catch(() => {});
  return failed;
}

async function reload(
  relay: Relay,
  open: readonly RelayListener[],
  choice: RelayChoice,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  try {
    const { muxer, listeners, warnings } = planOf(choice);
    for (const warning of warnings) say(warning);
    for (const line of unchanged(open, listeners)) say(line);
    await relay.reload(muxer, { signal });
    say('the configuration was read again');
  } catch (error) {
    const isHalf = error instanceof RelayReloadError;
    const what = isHalf ? 'was read again, but not all is done' : 'stays as it was';
    say(`the configuration ${what}: ${(error as Error).message}`);
  }
}

/** What a restart would change of listeners. */
function unchanged(open: readonly RelayListener[], wanted: readonly RelayListener[]): string[] {
  const next = new Map(wanted.map((listener) => [listener.name, listener]));
  const names = new Set(open.map(({ name }) => name));
  const stay = open.flatMap((listener) => {
    const { name } = listener;
    const other = next.get(name);
    if (other === undefined)
      return [`listener ${name} is gone from the configuration: restart to close it`];
    if (isDeepStrictEqual(listener, other)) return [];
    return [
      `listener ${name} has changed in the configuration, and goes on as before: restart for it`,
    ];
  });
  const fresh = wanted.filter(({ name }) => !names.has(name));
  return [...stay, ...fresh.map(({ name }) => `listener ${name} is new: restart to open it`)];
}

function countsOf(relay: Relay): StatusCounts {
  const { listeners, muxers } = relay.stats();
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  return {
    bytes: sum(listeners.map(({ bytes }) => bytes)),
    entries: sum(listeners.map(({ entries }) => entries)),
    confirmed: sum([...muxers.values()].map(({ confirmedEntries }) => confirmedEntries)),
    refused: 0,
  };
}

function tellEnd(relay: Relay, report: CloseReport, say: (line: string) => void): ExitStatus {
  const { unconfirmed, cached } = report;
  const { entries } = countsOf(relay);
  const rest =
    unconfirmed === 0
      ? 'all confirmed'
      : `${unconfirmed} not confirmed by indexers, ${cached} of them in the cache for the next run`;
  say(`${entries} entries: ${rest}`);
  // What is in the cache is not lost: the next run sends it.
  return unconfirmed === cached ? EXIT.done : EXIT.incomplete;
}
