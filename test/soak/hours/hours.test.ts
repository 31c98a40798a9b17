import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLeftovers } from '@ringest/bench/internal';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isNatsMissing } from '../../support/nats-server.js';
import { NodeProcess } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually, until } from '../../support/waiting.js';

const SOAK = new URL('../../../bench/dist/soak/soak.js', import.meta.url);
/** About ten seconds of writing. */
const HOURS = '0.003';
const LIMIT_MS = 300_000;
/** The processes alone keep a busy machine busy. */
const RATE = ['--rate', '200'];
const LONG = [...RATE, '--hours', '24', '--seed', '6', '--out'];

const PARTS = [
  ...['tcp', 'tls', 'unix', 'snappy', 'journal', 'spill', 'producers', 'follow', 'syslog', 'relay'],
  ...(isNatsMissing ? [] : ['queue']),
];
/** Further processes of parts. */
const OTHERS = ['relayed', ...(isNatsMissing ? [] : ['queue ship 1', 'queue ship 2'])];
const INDEXERS = ['indexer 1', 'indexer 2', 'indexer 3'];

interface Line {
  readonly kind: string;
  readonly name: string;
  readonly pid: number;
  readonly descriptors: number;
  readonly counts: { readonly confirmed: number };
}

/** The record of a run, as far as it is written. */
function recordIn(folder: string): Line[] {
  const text = readFileSync(join(folder, 'record.jsonl'), 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

/** The processes of runs in the temporary folder of this test. */
function processesOf(): { readonly pid: number; readonly command: string }[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(join('/proc', pid, file), 'utf8');
    } catch {
      // It is gone.
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((name) => read(name, 'environ').includes(`RINGEST_SOAK_FOLDER=${tmpdir()}/`))
    .map((name) => ({ pid: Number(name), command: read(name, 'cmdline').replaceAll('\0', ' ') }));
}

/** Folders of runs in the temporary folder of this test. */
function leftBehind(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('ringest-soak-'));
}

/** On a busy machine, all processes take a while to start. */
function everythingRuns(run: NodeProcess): Promise<void> {
  return until('everything', () => run.stdout.includes('everything runs'), LIMIT_MS);
}

// A run that is wrong leaves its files, and one that a test gives up is killed.
beforeEach(() => {
  vi.stubEnv('TMPDIR', temporaryDirectory());
  onTestFinished(async () => {
    await eventually(() => {
      removeLeftovers();
      expect(leftBehind().filter((name) => name.includes('-run-'))).toEqual([]);
    });
    vi.unstubAllEnvs();
  });
});

describe('a soak of some seconds', () => {
  it(
    'finds everything sound, records each process, and draws a page',
    async () => {
      const out = temporaryDirectory();
      const run = new NodeProcess(SOAK, [...RATE, '--hours', HOURS, '--seed', '3', '--out', out]);
      expect(await run.end(), run.stdout + run.stderr).toBe(0);
      expect(run.stdout).toContain('Nothing was lost or altered');
      const record = recordIn(out);
      const names = new Set(
        record.filter(({ kind }) => kind === 'process').map(({ name }) => name),
      );
      expect([...names].toSorted()).toEqual([...PARTS, ...OTHERS, ...INDEXERS, 'soak'].toSorted());
      expect(record.some(({ kind }) => kind === 'fault')).toBe(true);
      for (const name of PARTS) {
        expect(
          record.findLast((line) => line.name === name)?.counts.confirmed,
          name,
        ).toBeGreaterThan(0);
      }
      const page = readFileSync(join(out, 'soak.html'), 'utf8');
      for (const name of names) expect(page).toContain(`>${name}</h2>`);
      expect(page.match(/<svg role="img"/g)?.length).toBeGreaterThan(2 * 3 * names.size);
    },
    LIMIT_MS,
  );

  it.each<readonly [name: string, problem: string]>([
    ['tcp', 'tcp: it ended early, with SIGKILL'],
    ['syslog', 'syslog: it ended early, with SIGKILL'],
    ...(isNatsMissing
      ? []
      : [['nats-server', 'nats-server: it ended early, with SIGKILL'] as const]),
  ])(
    'is wrong when %s dies that nobody has killed, and says how to repeat it',
    async (name, problem) => {
      const out = temporaryDirectory();
      const run = new NodeProcess(SOAK, [...RATE, '--hours', '0.2', '--seed', '4', '--out', out]);
      await everythingRuns(run);
      const pidOf = () =>
        name === 'nats-server'
          ? processesOf().find(({ command }) => command.startsWith(name))?.pid
          : recordIn(out).findLast((line) => line.name === name)?.pid;
      await eventually(() => expect(pidOf()).toBeDefined());
      process.kill(pidOf() as number, 'SIGKILL');
      expect(await run.end()).toBe(1);
      expect(run.stdout).toContain(`WRONG: ${problem}`);
      expect(run.stderr).toContain('pnpm soak --hours 0.2 --seed 4 --rate 200');
      const page = readFileSync(join(out, 'soak.html'), 'utf8');
      expect(page).toContain(problem);
      expect(page).toContain('What the processes printed last');
      expect(processesOf()).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'says after a signal how much of it there was, and counts that',
    async () => {
      const out = temporaryDirectory();
      const run = new NodeProcess(SOAK, [...RATE, '--hours', '24', '--seed', '5', '--out', out]);
      await everythingRuns(run);
      expect(await run.end('SIGTERM'), run.stdout).toBe(130);
      expect(run.stdout).toMatch(/It was stopped after 0\.\d+ of 24 hours\. Nothing was lost/);
      expect(readFileSync(join(out, 'soak.html'), 'utf8')).toContain('It was stopped after');
      expect(leftBehind()).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'leaves nothing behind after a second signal, and removes what one has left that was killed',
    async () => {
      const killed = new NodeProcess(SOAK, [...LONG, temporaryDirectory()]);
      await everythingRuns(killed);
      // One stands still, and does not notice that the soak is gone.
      const still = processesOf().find(({ command }) => command.includes('indexer-process'));
      process.kill(still?.pid as number, 'SIGSTOP');
      await killed.end('SIGKILL');
      expect(processesOf().map(({ pid }) => pid)).toContain(still?.pid);
      const [left] = leftBehind();
      expect(left).toBeDefined();

      const run = new NodeProcess(SOAK, [...LONG, temporaryDirectory()]);
      await everythingRuns(run);
      expect(processesOf().map(({ pid }) => pid)).not.toContain(still?.pid);
      expect(leftBehind()).not.toContain(left);
      run.kill('SIGHUP');
      // What comes at once is the same signal, passed on by pnpm.
      const again = setInterval(() => run.kill('SIGHUP'), 100);
      onTestFinished(() => clearInterval(again));
      expect(await run.end()).toBe(130);
      expect(leftBehind()).toEqual([]);
      expect(processesOf()).toEqual([]);
    },
    LIMIT_MS,
  );
});
