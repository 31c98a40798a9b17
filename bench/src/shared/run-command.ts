import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** What a command that has ended leaves. */
export interface Ended {
  /** `null` after a signal. */
  readonly exitCode: number | null;
  readonly seconds: number;
}

/**
 * Runs a command in a process group of its own, which ends with this process, and writes all that it prints to a file.
 * @param signal ends the command with all the processes that it has started
 */
export async function runCommand(
  [command, ...args]: readonly [string, ...string[]],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
  logFile: string,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const start = performance.now();
  const log = createWriteStream(logFile);
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const written = finished(log);
  const end = () => endGroup(child.pid);
  signal.addEventListener('abort', end);
  process.on('exit', end);
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    log.end();
    await written;
    signal.throwIfAborted();
    return { exitCode, seconds: (performance.now() - start) / 1000 };
  } finally {
    signal.removeEventListener('abort', end);
    process.off('exit', end);
    log.end();
  }
}

/** A process that leads its group is ended with the whole group. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
