import { lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../errors.js';

/** What systemd makes for the units in `packaging/`. */
const SYSTEM_FOLDERS = ['/run/ringest', '/run/ringest-relay'];
const SOCKET = /^(?:ship|relay)-\d+\.sock$/;

/** The folder for the socket of this process. It belongs to the user, and nobody else may write to it. */
export function statusFolder(environment: NodeJS.ProcessEnv): string {
  const { RUNTIME_DIRECTORY: unit, XDG_RUNTIME_DIR: session } = environment;
  // systemd separates several folders of a unit by colons.
  if (unit) return unit.split(':')[0] ?? unit;
  return session ? join(session, 'ringest') : ownFolder();
}

/**
 * Makes a folder for sockets, if it is missing.
 * @throws {CommandError} it is a link, or belongs to somebody else
 */
export function makeStatusFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  const isOwn =
    stats.isDirectory() && (process.getuid === undefined || stats.uid === process.getuid());
  if (!isOwn) throw new CommandError(`${folder} is not a folder of this user`);
}

/** The name of the socket of a process that runs a command. */
export function socketName(command: string, pid: number): string {
  return `${command}-${pid}.sock`;
}

/**
 * Removes a socket, unless somebody else has. `rmSync` would look at it first: after a look at a socket or a pipe that
 * is not asynchronous, Node.js 20 no longer follows the links to packages that it loads (`fs.realpathSync` takes the kind
 * of the last file for that of the next).
 */
export function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The process whose socket it is, by its name. */
export function pidOf(path: string): number {
  return Number(/-(\d+)\.sock$/.exec(path)?.[1]);
}

/** The sockets in the folders that this user's processes, and the system's units, put them in. */
export function findSockets(environment: NodeJS.ProcessEnv): string[] {
  const folders = new Set([statusFolder(environment), ownFolder(), ...SYSTEM_FOLDERS]);
  return [...folders].flatMap((folder) => socketsIn(folder).map((name) => join(folder, name)));
}

function socketsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => SOCKET.test(name));
  } catch {
    // There is no such folder, or it is somebody else's.
    return [];
  }
}

function ownFolder(): string {
  return join(tmpdir(), `ringest-${userInfo().username}`);
}
