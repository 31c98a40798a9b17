import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { GrowingLog } from '../support/growing-log.js';
import { Random } from '../support/random.js';
import { scaled, soak, tellSeed } from '../support/scale.js';
import { ScriptedFollower } from '../support/scripted-follower.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SEEDS = scaled(4, 200);
const LIMIT_MS = scaled(60_000, 1_200_000);
const STEPS = 50;
/** Steps of the file system come between any two steps of the follower. */
const MOST_TURNS = 40;

it(
  'ships all lines, whatever becomes of a file, whenever it is killed and whatever is confirmed by then',
  async () => {
    let seed: number = soak.seed;
    tellSeed(() => seed);
    for (const end = seed + SEEDS; seed < end; seed++) await play(seed);
  },
  LIMIT_MS,
);

async function play(seed: number): Promise<void> {
  const random = new Random(seed);
  const log = new GrowingLog(temporaryDirectory());
  const maxAheadBytes = random.pick([1000, 2500, 8192]);
  const script = { inputs: [`${log.path}*`], maxAheadBytes };
  const follower = await ScriptedFollower.start(script, temporaryDirectory());
  const steps: readonly (() => unknown)[] = [
    () => log.write(20),
    () => log.rename(),
    () => log.copyAndTruncate(),
    () => follower.confirm(),
    () => follower.confirm(),
    () => void follower.turn(),
    () => void follower.turn(),
    () => void follower.turn(),
    () => follower.killAndStart(),
    () => follower.endAndStart(),
  ];
  for (let step = 0; step < STEPS; step++) {
    // Files are of one length now and then, so that it says nothing.
    log.write(1 + random.below(3));
    await random.pick(steps)();
    for (let turns = random.below(MOST_TURNS); turns > 0; turns--) await nextTurn();
  }
  log.write(1);
  const all = Array.from({ length: log.lines }, (_, i) => GrowingLog.line(i + 1));
  const there = () => new Set([...follower.arrived, ...follower.read]);
  await follower.until(() => there().size >= all.length);
  await follower.end();
  expect([...new Set(follower.arrived)].sort()).toEqual(all.sort());
}
