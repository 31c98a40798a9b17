import { expect, it } from 'vitest';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { scaled } from '../support/scale.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort, Victim } from '../support/victim.js';
import { eventually } from '../support/waiting.js';

interface Report {
  entries: number;
  lost: number;
  resent: number;
  lanes: { target: string; entries: number; reconnects: number }[];
}

const RESTARTS = scaled(2, 5);
/** So that the load is as slow as that, and leaves the processor to those who start. */
const ACK_DELAY_MS = 20;
/** A target is tried again after half a minute at last. */

/** Traffic flows. */
const isBusy = (victim: Victim) => eventually(() => expect(victim.taken).toBeGreaterThan(1000));

/** The attempts to connect to a target that a load has told to be refused. */
const refusals = (run: NodeProcess, { address }: Victim): number =>
  run.stderr.split('\n').filter((line) => line.includes(address) && line.includes('ECONNREFUSED'))
    .length;

const load = (victims: readonly Victim[], ...flags: string[]) =>
  new NodeProcess(LOAD, [
    ...['--clear-conns', victims.map(({ address }) => address).join(',')],
    ...['--duration', '300s', '--timeout', '60s', '--ring-bytes', '65536', '--json', ...flags],
  ]);

it('a load on two indexers, one of them killed and restarted again and again, loses nothing', async () => {
  const path = temporaryDirectory();
  const steady = new Victim(path, await freePort(), ACK_DELAY_MS);
  const killed = new Victim(path, await freePort(), ACK_DELAY_MS);
  await Promise.all([steady.start(1000), killed.start(1000)]);
  const run = load([steady, killed], '--connections', '2', '--workers', '2', '--batch', '100');
  for (let restart = 1; restart <= RESTARTS; restart++) {
    await isBusy(steady);
    await isBusy(killed);
    await killed.kill();
    await killed.start(1000 + restart);
  }
  await isBusy(killed);
  expect(await run.end('SIGINT'), run.stderr).toBe(0);
  const report = run.lastJson<Report>();
  expect(report.lost).toBe(0);
  const reconnects = (of: Victim) =>
    report.lanes
      .filter(({ target }) => target === `tcp://${of.address}`)
      .reduce((sum, lane) => sum + lane.reconnects, 0);
  expect(reconnects(steady)).toBe(0);
  // Each time at least one of its two connections, for it was busy again.
  expect(reconnects(killed)).toBeGreaterThanOrEqual(RESTARTS);
  expect(report.lanes.reduce((sum, { entries }) => sum + entries, 0)).toBe(report.entries);

  // What the load says of itself is what the indexers have written down.
  await Promise.all([steady.kill(), killed.kill()]);
  const hasArrived = new Uint8Array(report.entries);
  let arrivals = 0;
  for (const victim of [steady, killed]) {
    await victim.read((sequence) => {
      arrivals++;
      hasArrived[sequence] = 1;
    });
  }
  expect(hasArrived.indexOf(0)).toBe(-1);
  expect(arrivals - report.entries).toBeGreaterThanOrEqual(0);
  expect(arrivals - report.entries).toBeLessThanOrEqual(report.resent);
}, 300_000);

it('a load goes on while one of two indexers refuses connections, from the beginning or later', async () => {
  const path = temporaryDirectory();
  const steady = new Victim(path, await freePort(), ACK_DELAY_MS);
  const absent = new Victim(path, await freePort(), ACK_DELAY_MS);
  await steady.start(1000);
  const run = load([absent, steady]);
  await isBusy(steady);
  await absent.start(500);
  await isBusy(absent);
  await absent.kill();
  const refused = refusals(run, absent);
  const taken = steady.taken;
  await eventually(() => expect(refusals(run, absent)).toBeGreaterThan(refused));
  await eventually(() => expect(steady.taken).toBeGreaterThan(taken + 1000));
  // It is away also at the end: what it had not confirmed has gone to the other one.
  expect(await run.end('SIGINT'), run.stderr).toBe(0);
  expect(run.lastJson<Report>()).toMatchObject({ lost: 0 });
}, 120_000);
