import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isNatsMissing } from '../../support/nats-server.js';
import { NodeProcess } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually } from '../../support/waiting.js';

const SOAK = new URL('../../../bench/dist/soak/soak.js', import.meta.url);
/** About ten seconds of writing. */
const HOURS = '0.003';
const LIMIT_MS = 300_000;

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

// A run that is wrong leaves its files.
beforeEach(() => {
  vi.stubEnv('TMPDIR', temporaryDirectory());
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
});

describe('a soak of some seconds', () => {
  it(
    'finds everything sound, records each process, and draws a page',
    async () => {
      const out = temporaryDirectory();
      const run = new NodeProcess(SOAK, ['--hours', HOURS, '--seed', '3', '--out', out]);
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

  it(
    'is wrong when a process dies that nobody has killed, and says how to repeat it',
    async () => {
      const out = temporaryDirectory();
      const run = new NodeProcess(SOAK, ['--hours', '0.2', '--seed', '4', '--out', out]);
      await run.says('stdout', /everything runs/);
      const pidOf = () => recordIn(out).findLast(({ name }) => name === 'tcp')?.pid;
      await eventually(() => expect(pidOf()).toBeDefined());
      process.kill(pidOf() as number, 'SIGKILL');
      expect(await run.end()).toBe(1);
      expect(run.stdout).toContain('WRONG: tcp: it ended early, with SIGKILL');
      expect(run.stderr).toContain('pnpm soak --hours 0.2 --seed 4 --rate 1000');
    },
    LIMIT_MS,
  );
});
