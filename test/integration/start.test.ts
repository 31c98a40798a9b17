import { describe, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.js';

const START = new URL('../../bench/dist/cli/start.js', import.meta.url);

const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('the first command of a newcomer', () => {
  it('shows runs of each kind, of which nothing is lost, doubled or altered', async () => {
    const run = new NodeProcess(START, ['--duration', '50ms']);
    expect(await run.end(), run.stderr).toBe(0);
    expect(run.stderr).toBe('');
    const [head = [], ...runs] = rows(run.stdout);
    const column = (name: string) => runs.map((cells) => cells[head.indexOf(name)]);
    expect(column('run')).toEqual(['lines', 'entries', 'compared to the byte']);
    expect(column('lost')).toEqual(['0', '0', '0']);
    expect(column('doubled')).toEqual(['0', '0', '0']);
    expect(column('contents')).toEqual(['counted', 'counted', 'equal']);
    for (const rate of column('entries/s')) expect(rate).toMatch(/^[\d,]+$/);
    expect(run.stdout.match(/^ {2}npx pnpm \S+/gm)).toHaveLength(3);
  });

  it('ends with what it has when it is interrupted', async () => {
    const run = new NodeProcess(START, ['--duration', '1h']);
    await run.says('stdout', /1 of 3/);
    // The interrupt may come before there is a connection; then there is nothing to show.
    const status = await run.end('SIGINT');
    expect(run.stdout).not.toContain('2 of 3');
    if (status === 0) expect(rows(run.stdout)).toHaveLength(2);
    else expect(run.stderr).toContain('interrupted');
  });
});
