import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { support } from '../../support/node-process.js';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(support('limited-ingester.mjs'));

/** What a muxer is told under limits that a shell sets, or flags of Node.js. */
async function under(limits: string, flags: readonly string[], what: string): Promise<unknown[]> {
  const command = `${limits} exec "$0" "$@"`;
  const { stdout } = await run('sh', ['-c', command, process.execPath, ...flags, SCRIPT, what]);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

describe('a limit of the system', () => {
  it('of address space is an error of the constructor that says what to do, and fewer lanes fit', async () => {
    // Enough for Node.js and for two or three lanes, each of which takes 10.5 GB.
    const [error, then] = await under('ulimit -v 36000000;', [], 'memory');
    expect(error).toMatchObject({
      code: 'ERR_SYSTEM_LIMIT',
      limit: 'addressSpace',
      cause: 'RangeError',
    });
    const { message } = error as Error;
    expect(message).toContain('a lane with a ring of 65536 bytes');
    expect(message).toContain('ulimit -v');
    expect(message).toContain('--disable-wasm-trap-handler');
    expect(then).toEqual({ isMade: true });
  });

  it('of address space is none without the trap handler of WebAssembly', async () => {
    const flags = ['--disable-wasm-trap-handler'];
    expect(await under('ulimit -v 36000000;', flags, 'memory')).toEqual([{ isMade: true }]);
  });

  it('of open files is an error of a thread, which is tried again', async () => {
    const [, failed, lost, end] = await under('ulimit -n 400;', [], 'files');
    expect(failed).toMatchObject({ code: 'ERR_SYSTEM_LIMIT', limit: 'files' });
    expect(lost).toMatchObject({ code: 'ERR_CONNECTION', reason: 'worker', causeLimit: 'files' });
    expect((lost as Error).message).toContain('ulimit -n');
    expect(end).toEqual({ recovers: true });
  });

  it('of the heap of a thread is named as such', async () => {
    const [error] = await under('', ['--max-old-space-size=40'], 'heap');
    expect(error).toMatchObject({
      code: 'ERR_SYSTEM_LIMIT',
      limit: 'heap',
      cause: 'ERR_WORKER_OUT_OF_MEMORY',
    });
    expect((error as Error).message).toContain('ERR_WORKER_OUT_OF_MEMORY');
    expect((error as Error).message).toContain('--max-old-space-size');
  });
});
