import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

interface Report {
  entries: number;
  kills: number;
  children: number;
  resolved: number;
  received: number;
  lost: number;
  duplicated: number;
  foreign: number;
  digestMatches: boolean;
  cache: { mode: string; bytes: number; recoveredEntries: number };
}

const COUNT = 10_000;
const HAS_PROC = existsSync('/proc/self/cmdline');

const load = (...flags: string[]) =>
  new NodeProcess(LOAD, ['--entry-count', `${COUNT}`, '--kill-every', '400ms', '--json', ...flags]);

/** The processes that a process has started, of those that run a script. */
function childrenOf(pid: number | undefined, script: string): string[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  const runs = (child: string) => readFileSync(`/proc/${child}/cmdline`, 'latin1').includes(script);
  return pids.filter((child) => child !== '' && runs(child));
}

it('a load with a journal whose ingester is killed again and again loses nothing', async () => {
  const path = temporaryDirectory();
  const run = load('--cache-mode', 'journal', '--cache-path', path, '--digest', '--batch', '50');
  expect(await run.end(), run.stderr).toBe(0);
  const report = run.lastJson<Report>();
  expect(report).toMatchObject({ entries: COUNT, lost: 0, foreign: 0, digestMatches: true });
  expect(report.kills).toBeGreaterThanOrEqual(1);
  expect(report.children).toBe(report.kills + 1);
  expect(report.received).toBe(COUNT + report.duplicated);
  // These came by an ingester that was killed, or by its cache.
  expect(report.resolved).toBeGreaterThan(0);
  expect(report.cache).toMatchObject({ mode: 'journal', bytes: 0 });
  expect(readdirSync(path).filter((name) => name.endsWith('.segment'))).toEqual([]);
  for (const line of [/^kills: +\d+$/m, /^resolved: +[\d,]+ before a kill/m, /^lost: +0$/m]) {
    expect(run.stdout).toMatch(line);
  }
}, 120_000);

it('a load that may lose what is in memory says how much that was', async () => {
  const count = 4000;
  const run = load('--cache-mode', 'fail', '--kill-every', '200ms', '--entry-count', `${count}`);
  const status = await run.end();
  const { lost, received, duplicated } = run.lastJson<Report>();
  expect(lost).toBe(count - (received - duplicated));
  expect(run.stdout).toMatch(/^lost: +[\d,]+$/m);
  expect(status).toBe(lost === 0 ? 0 : 1);
}, 120_000);

it('a load that is interrupted between kills ends, and its processes with it', async () => {
  const path = temporaryDirectory();
  const run = load('--cache-mode', 'journal', '--cache-path', path, '--kill-every', '60s');
  await eventually(() => expect(readdirSync(path)).toContain('lock'));
  expect(await run.end('SIGINT')).toBe(1);
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(/^load: interrupted$/m);
  // Nobody has the folder any more.
  const next = new NodeProcess(LOAD, ['--clear-conns', '127.0.0.1:1', '--cache-path', path]);
  await eventually(() => expect(next.stderr).toMatch(/ECONNREFUSED/));
}, 60_000);

it.skipIf(!HAS_PROC)(
  'a load hands no secret to the process that it kills',
  async () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'Sup3rSecretWord');
    const run = load('--cache-mode', 'journal', '--kill-every', '60s');
    const [child] = await eventually(() => {
      const children = childrenOf(run.pid, 'ingester-process.js');
      expect(children).toHaveLength(1);
      return children;
    });
    vi.unstubAllEnvs();
    for (const file of ['cmdline', 'environ']) {
      expect(readFileSync(`/proc/${child}/${file}`, 'latin1')).not.toMatch(/Sup3rSecretWord/);
    }
    await run.end('SIGINT');
  },
  60_000,
);
