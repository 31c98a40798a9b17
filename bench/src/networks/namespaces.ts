import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything that a run makes has a name that begins with this, and the number of its process. */
const PREFIX = 'ringest-nets-';
/** Where `ip netns` keeps namespaces. */
const NAMESPACES = '/run/netns';
/** Where it looks for files that a namespace has instead of those in `/etc`. */
const ETC = '/etc/netns';
const TUN = '/dev/net/tun';

/** Runs `ip`, and returns what it prints. */
export function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Why namespaces and devices cannot be made here, for people; `undefined`: they can. */
export function whyNoNamespaces(): string | undefined {
  for (const [command, flag, what] of [
    ['ip', '-V', 'the package iproute2'],
    ['perl', '-v', 'the package perl'],
  ] as const) {
    if (spawnSync(command, [flag]).error !== undefined) return `${command} is missing: ${what}`;
  }
  if (!existsSync(TUN)) return `there is no ${TUN}`;
  const name = `${ownPrefix()}probe`;
  const { status, stderr } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (status !== 0) return `network namespaces are not allowed: ${stderr.trim()}`;
  ip('netns', 'del', name);
  return undefined;
}

/** What names of this process begin with. */
export function ownPrefix(): string {
  return `${PREFIX}${process.pid}-`;
}

/** The folder of a run, with all that it writes. */
export function runFolder(prefix = ownPrefix()): string {
  return join(tmpdir(), `${prefix}files`);
}

/** The folder with what a namespace has instead of files in `/etc`. */
export function etcOf(namespace: string): string {
  return join(ETC, namespace);
}

/** Makes an empty namespace with a loopback, and a file `hosts` that nobody else reads. */
export function addNamespace(name: string): void {
  // `ip netns exec` looks for this folder.
  mkdirSync(etcOf(name), { recursive: true });
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
}

/** Removes all that processes have left that are gone. */
export function removeLeftovers(): void {
  const names = [NAMESPACES, ETC, tmpdir()].flatMap(namesIn);
  const pids = new Set(names.flatMap((name) => /^ringest-nets-(\d+)-/.exec(name)?.[1] ?? []));
  for (const pid of pids) {
    if (!existsSync(`/proc/${pid}`)) removeRun(`${PREFIX}${pid}-`);
  }
}

/**
 * Ends every process in the namespaces of a run, and removes these, what is mounted in its folder, and its
 * other files. It waits for nothing, so that a process can do it as it exits.
 */
export function removeRun(prefix = ownPrefix()): void {
  const ofRun = (folder: string) => namesIn(folder).filter((name) => name.startsWith(prefix));
  const namespaces = ofRun(NAMESPACES);
  for (const pid of namespaces.flatMap(processesIn)) kill(pid);
  for (const name of namespaces) deleteNamespace(name);
  for (const name of ofRun(ETC)) rmSync(etcOf(name), { recursive: true, force: true });
  // It stays while another run has something there.
  const isInUse = () => namesIn(ETC).length > 0;
  if (!isInUse())
    unlessDone(
      () => rmdirSync(ETC),
      () => !existsSync(ETC) || isInUse(),
    );
  const folder = runFolder(prefix);
  for (const path of mountsIn(folder)) {
    // What still writes there keeps it until it is gone.
    const unmount = () => execFileSync('umount', ['--lazy', path], { stdio: 'pipe' });
    unlessDone(unmount, () => !mountsIn(folder).includes(path));
  }
  rmSync(folder, { recursive: true, force: true });
}

function deleteNamespace(name: string): void {
  const isGone = () => !existsSync(join(NAMESPACES, name));
  unlessDone(() => ip('netns', 'del', name), isGone);
}

function processesIn(namespace: string): number[] {
  const isGone = () => !existsSync(join(NAMESPACES, namespace));
  const pids = unlessDone(() => ip('netns', 'pids', namespace), isGone) ?? '';
  return pids.split('\n').filter(Boolean).map(Number);
}

function mountsIn(folder: string): string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  const paths = lines.map((line) => line.split(' ')[1] ?? '');
  return paths.filter((path) => path.startsWith(`${folder}/`));
}

/** Does something, and does not mind that it fails if another process has done it: leftovers are everybody's. */
function unlessDone<Result>(act: () => Result, isDone: () => boolean): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (isDone()) return undefined;
    throw error;
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

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
