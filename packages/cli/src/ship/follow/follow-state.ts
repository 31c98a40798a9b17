import { accessSync, constants, promises, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LockAttempt } from '@ringest/cache/tools';
import { CommandError } from '../../errors.js';
import type { StoredAnchor } from './anchor.js';

/** How far a file is confirmed. */
export interface FileState {
  /** The input that it belongs to: a path or a pattern. */
  readonly input: string;
  /** Where it was seen last. */
  readonly path: string;
  /** Its device and inode; a path may be given to another file. */
  readonly device: string;
  readonly inode: string;
  /** All bytes before this one are confirmed. */
  readonly offset: number;
  /** What stands before the offset. */
  readonly anchor: StoredAnchor;
}

interface StateFile {
  readonly version: 1;
  readonly files: readonly FileState[];
}

const VERSION = 1;

/**
 * Reads how far files are confirmed.
 * @returns `undefined`: the file is missing
 * @throws {CommandError} it is no state file, or its folder cannot be written to
 */
export function readState(path: string): readonly FileState[] | undefined {
  let text: string;
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new CommandError(`${path}: its folder cannot be written to: ${(error as Error).message}`);
  }
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const state: unknown = JSON.parse(text);
    if (isStateFile(state)) return state.files;
  } catch {
    // It is no JSON.
  }
  throw new CommandError(
    `${path} is no state file of ringest ${VERSION}: remove it to begin at the start of all files`,
  );
}

/**
 * Keeps a state file for this process: another one that writes to it would take away what this one has
 * written. The lock is that of a file beside it, with `.lock` behind its name, which stays.
 * @throws {CommandError} another process has it, or there can be no lock
 */
export async function lockState(path: string): Promise<Disposable> {
  const { FileLock } = await import('@ringest/cache/tools');
  let attempt: LockAttempt;
  try {
    attempt = FileLock.take(`${path}.lock`);
  } catch (cause) {
    throw new CommandError(`${path} cannot be locked: ${(cause as Error).message}`, { cause });
  }
  if (attempt.isTaken) return attempt.lock;
  const { holder } = attempt;
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  throw new CommandError(`${path} is in use by ${who}: give each ship its own --state-file`);
}

/** Replaces the state file as a whole: a crash leaves the old one or the new one. */
export async function writeState(path: string, files: readonly FileState[]): Promise<void> {
  const state: StateFile = { version: VERSION, files };
  const temporary = `${path}.new`;
  const file = await promises.open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(state, undefined, 1)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await promises.rename(temporary, path);
  const folder = await promises.open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isStateFile(state: unknown): state is StateFile {
  const { version, files } = (state ?? {}) as Partial<StateFile>;
  return version === VERSION && Array.isArray(files) && files.every(isFileState);
}

function isFileState(value: unknown): value is FileState {
  const { input, path, device, inode, offset, anchor } = (value ?? {}) as Partial<FileState>;
  return (
    [input, path, device, inode, anchor?.sha256].every((text) => typeof text === 'string') &&
    [offset, anchor?.bytes].every((number) => Number.isSafeInteger(number) && Number(number) >= 0)
  );
}
