import { copyFileSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { GrowingLog, LINE_BYTES } from '../support/growing-log.js';
import { type FollowScript, ScriptedFollower } from '../support/scripted-follower.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

let log: GrowingLog;

beforeEach(() => {
  log = new GrowingLog(temporaryDirectory());
});

const allLines = () => Array.from({ length: log.lines }, (_, i) => GrowingLog.line(i + 1));
/** A follower of the log by its path, so that its rotated files are nobody's. */
const follow = (choice: Partial<FollowScript> = {}) =>
  ScriptedFollower.start(
    { inputs: [log.path], maxAheadBytes: 1_000_000, ...choice },
    temporaryDirectory(),
  );
const offsetsOf = (follower: ScriptedFollower): number[] =>
  existsSync(follower.statePath)
    ? JSON.parse(readFileSync(follower.statePath, 'utf8')).files.map(
        ({ offset }: { readonly offset: number }) => offset,
      )
    : [];

describe('while confirmations are slow', () => {
  it('a renamed file is read to its end, however long nothing is confirmed', async () => {
    log.write(20);
    const follower = await follow({ maxAheadBytes: 5 * LINE_BYTES, quietMs: 0 });
    const turn = follower.turn();
    await eventually(() => expect(follower.isWaiting).toBe(true));
    // It is renamed to what nobody follows, with most of its lines unread.
    log.rename();
    log.write(1);
    await eventually(() => expect(follower.files).toHaveLength(2));
    follower.confirm();
    await turn;
    await follower.until(() => follower.arrived.length >= log.lines);
    expect(follower.arrived.sort()).toEqual(allLines().sort());
  });

  it('a line is not cut in two where a chunk ended', async () => {
    log.write(4);
    const follower = await follow({ maxAheadBytes: 2.5 * LINE_BYTES, quietMs: 0 });
    await follower.until(() => follower.arrived.length >= log.lines);
    expect(follower.arrived).toEqual(allLines());
  });

  it('each file that gets the name is opened, though it is renamed again before it is read', async () => {
    log.write(20);
    const follower = await follow({ maxAheadBytes: 5 * LINE_BYTES });
    void follower.turn();
    await eventually(() => expect(follower.isWaiting).toBe(true));
    for (let rotation = 1; rotation <= 3; rotation++) {
      log.rename();
      log.write(2);
      await eventually(() => expect(follower.files).toHaveLength(1 + rotation));
    }
    await follower.until(() => follower.arrived.length >= log.lines);
    expect(follower.arrived.sort()).toEqual(allLines().sort());
  });
});

describe('the state', () => {
  it.each([10, 40, 120])(
    'has a truncated file too while its copy is looked for, for %i turns of the event loop',
    async (turns) => {
      // They are looked at one after the other.
      for (let i = 0; i < 40; i++) writeFileSync(`${log.path}.${1000 + i}`, 'no copy');
      log.write(5);
      const follower = await follow();
      await follower.until(() => offsetsOf(follower)[0] === 5 * LINE_BYTES);
      log.write(5);
      while (!follower.isWaiting) await follower.turn();
      log.write(5);
      log.copyAndTruncate();
      const looking = follower.turn();
      for (let i = 0; i < turns; i++) await nextTurn();
      follower.confirm();
      await looking;
      await eventually(() => expect(Math.max(...offsetsOf(follower))).toBe(10 * LINE_BYTES));
      await follower.killAndStart();
      await follower.until(() => follower.arrived.length >= log.lines);
      expect(follower.arrived).toEqual(allLines());
    },
  );

  it('of a run that found no file says that later ones are new, even with --from-end', async () => {
    const follower = await follow({ fromEnd: true });
    await follower.until(() => existsSync(follower.statePath));
    await follower.endAndStart();
    log.write(3);
    await follower.until(() => follower.arrived.length >= log.lines);
    expect(follower.arrived).toEqual(allLines());
  });

  it('stays as it was when an error ends the run, though a confirmation comes afterwards', async () => {
    log.write(5);
    const follower = await follow();
    await follower.until(() => offsetsOf(follower)[0] === 5 * LINE_BYTES);
    log.write(5);
    while (!follower.isWaiting) await follower.turn();
    await follower.fail();
    follower.confirm();
    // It would take two more uses of the disk.
    for (let i = 0; i < 100; i++) await stat(log.path);
    expect(offsetsOf(follower)).toEqual([5 * LINE_BYTES]);
  });
});

describe('a file that was truncated', () => {
  it('is gone on with in the longest of its copies', async () => {
    log.write(5);
    const follower = await follow();
    await follower.until(() => follower.arrived.length >= log.lines);
    copyFileSync(log.path, `${log.path}.0`);
    // It cannot be opened.
    symlinkSync(`${log.path}.00`, `${log.path}.00`);
    log.write(5);
    log.copyAndTruncate();
    log.write(1);
    await follower.until(() => follower.arrived.length >= log.lines);
    expect(follower.arrived.sort()).toEqual(allLines().sort());
    expect(follower.said).toEqual([]);
  });

  it('is told of when no copy of it is there', async () => {
    log.write(5);
    const follower = await follow();
    await follower.until(() => follower.arrived.length >= log.lines);
    writeFileSync(log.path, '');
    await follower.until(() => follower.said.length > 0);
    expect(follower.said).toEqual([
      `ringest: ${log.path}: what it had behind byte 500, if anything, is not there any more`,
    ]);
  });
});
