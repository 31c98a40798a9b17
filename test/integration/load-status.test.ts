import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  formatLine,
  formatScreen,
  type LoadProgress,
  parseLoadOptions,
  runLoad,
} from '@ringest/bench/internal';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { eventually } from '../support/waiting.js';

/** How far a real load is that has written everything. */
async function progressOf(...flags: readonly string[]): Promise<LoadProgress> {
  let look: (() => LoadProgress) | undefined;
  let last: LoadProgress | undefined;
  await runLoad(
    parseLoadOptions(['node', 'load', '--entry-count', '5000', ...flags], {}),
    {
      started: (how) => {
        look = how;
      },
      ended: () => {
        last = look?.();
      },
      lost() {},
      happened() {},
      left() {},
    },
    new AbortController().signal,
  );
  if (last === undefined) throw new Error('the load has not started');
  return last;
}

const view = (progress: LoadProgress, problems: readonly string[] = []) => ({
  progress,
  rate: 123_456,
  done: 0.5,
  problems,
});

describe('the status of a load', () => {
  it('has the rate, the latencies and each lane', async () => {
    const progress = await progressOf('--connections', '2', '--rate', '100k/s');
    const text = formatScreen(view(progress, ['it rains']), { columns: 120, rows: 30 });
    for (const line of [
      /^ +[\d.]+ s {2}█{15}░{15} {2}50 %$/m,
      /^entries {3}5,000 written, 5,000 confirmed$/m,
      /^rate {6}123,456 entries\/s now, [\d,]+ on average$/m,
      /^latency {3}p50 .* ms, from when due$/m,
      /^acks {6}p50 .* ms, from when sent$/m,
      /^! it rains$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text.match(/^tcp:\/\/\S+ +hot +\d+ % +[█░]{10} \d+ % /gm)).toHaveLength(2);
    expect(formatLine(view(progress))).toMatch(
      /^[\d.]+ s: 5,000 entries, 123,456\/s, p50 [\d.]+ ms, p99 [\d.]+ ms, 2 of 2 lanes hot$/,
    );
  });

  it('has the cache', async () => {
    const progress = await progressOf('--cache-mode', 'journal');
    const text = formatScreen(view(progress), { columns: 120, rows: 30 });
    expect(text).toMatch(/^cache {5}journal, [\d.]+ MB, 0 entries wait, 0 replayed$/m);
    expect(formatLine(view(progress))).toContain('0 in the cache');
  });

  it('fits any window', async () => {
    const progress = await progressOf('--connections', '12', '--workers', '1');
    for (const columns of [1, 20, 80, 200]) {
      for (const rows of [1, 5, 12, 16, 24, 100]) {
        const lines = formatScreen(view(progress, ['it rains']), { columns, rows }).split('\n');
        expect(lines.length).toBeLessThanOrEqual(Math.max(rows - 1, 1));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(columns - 1, 1));
      }
    }
    const few = formatScreen(view(progress), { columns: 80, rows: 16 });
    const [, others] = /^… and (\d+) more lanes$/m.exec(few) ?? [];
    expect((few.match(/^tcp:/gm) ?? []).length + Number(others)).toBe(12);
    const all = formatScreen(view(progress), { columns: 80, rows: 40 });
    expect(all.match(/^tcp:/gm)).toHaveLength(12);
  });

  it('is a line a second where there is no terminal, and a summary after an interrupt', async () => {
    const run = new NodeProcess(LOAD, ['--status', '--duration', '1h', '--json']);
    await run.says('stderr', /^[\d.]+ s: [\d,]+ entries, [\d,]+\/s, .*, 1 of 1 lanes hot$/m);
    expect(await run.end('SIGINT'), run.stderr).toBe(0);
    expect(run.stderr).toContain('load: interrupted: waiting for confirmations');
    expect(run.stdout).toMatch(/^entries: +[\d,]+ in [\d.]+ s, all confirmed$/m);
    expect(run.lastJson()).toMatchObject({ lost: 0 });
  });

  it('ends at once at a second interrupt', async () => {
    const indexer = await ScriptedIndexer.listen();
    const address = `127.0.0.1:${indexer.port}`;
    const run = new NodeProcess(LOAD, ['--clear-conns', address, '--timeout', '10m']);
    await (await indexer.hot(0)).entries(100);
    run.kill('SIGINT');
    await run.says('stderr', /interrupted: waiting for confirmations/);
    expect(await run.end('SIGINT')).toBe(130);
    expect(run.stdout).toBe('');
  });

  it.runIf(existsSync('/usr/bin/script'))(
    'is a screen on a terminal, which Ctrl-C takes away',
    async () => {
      const flags = '--status --duration 1h --connections 30 --workers 1';
      const command = `exec ${process.execPath} ${fileURLToPath(LOAD)} ${flags}`;
      const terminal = spawn(
        '/usr/bin/script',
        ['-qec', `stty cols 60 rows 14; ${command}`, '/dev/null'],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      onTestFinished(() => {
        terminal.kill('SIGKILL');
      });
      let shown = '';
      terminal.stdout.on('data', (text) => {
        shown += text;
      });
      const closed = once(terminal, 'close');
      await eventually(() => expect(shown).toContain('more lanes'));
      // It is drawn over itself.
      await eventually(() => expect(shown.split('more lanes').length).toBeGreaterThan(3));
      expect(shown).not.toContain('all confirmed');
      terminal.stdin.write('\x03');
      const [status] = await closed;
      expect(status, shown.slice(-2000)).toBe(0);
      expect(shown).toMatch(/entries: +[\d,]+ in [\d.]+ s, all confirmed/);
    },
  );
});
