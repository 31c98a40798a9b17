import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In the environment of every process of a run: its folder. */
export const RUN_FOLDER_VARIABLE = 'RINGEST_SOAK_FOLDER';

/** Folders of runs have the number of the process in their names, and those that are kept have another one. */
const NAME = /^ringest-soak-run-(\d+)-/;
const KEPT = 'ringest-soak-left-';

/**
 * The folder of all that a run writes but for its record. However this process exits, the processes of the run are ended,
 * those among them that stand still as well, what is mounted in the folder is unmounted, and the folder is removed.
 */
export class RunFolder {
  readonly path: string;
  readonly #clear = () => removeRun(this.path);

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), `ringest-soak-run-${process.pid}-`));
    process.on('exit', this.#clear);
  }

  remove(): void {
    process.off('exit', this.#clear);
    this.#clear();
  }

  /** Lets it stay for people. Returns where it is then. */
  keep(): string {
    process.off('exit', this.#clear);
    endProcesses(this.path);
    unmountAll(this.path);
    const kept = this.path.replace(/ringest-soak-run-\d+-/, KEPT);
    renameSync(this.path, kept);
    return kept;
  }
}

/** Removes what runs have left whose process was killed. */
export function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = NAME.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeRun(join(tmpdir(), name));
  }
}

/** It waits for nothing, so that a process can do it as it exits. */
function removeRun(folder: string): void {
  endProcesses(folder);
  unmountAll(folder);
  // What was killed may take a moment to be gone.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function endProcesses(folder: string): void {
  const mark = `${RUN_FOLDER_VARIABLE}=${folder}`;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (environmentOf(pid).includes(mark)) kill(Number(pid));
  }
}

/** Of a process that is gone, or is another user's, it is empty. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function unmountAll(folder: string): void {
  const mounted = readFileSync('/proc/mounts', 'utf8').split('\n');
  for (const path of mounted.map((line) => line.split(' ')[1] ?? '')) {
    // What still has a file open there keeps it until it is gone.
    if (path.startsWith(`${folder}/`))
      execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
  }
}
