import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Everything that a network makes has a name that begins with this, the number of its process, and its own. */
const PREFIX = 'ringest-nets-';
/** Where `ip netns` keeps namespaces. */
const NAMESPACES = '/run/netns';
/** Where it looks for files that a namespace has instead of those in `/etc`. */
const ETC = '/etc/netns';
const TUN = '/dev/net/tun';

/** How often a folder is removed that a process which was just killed still writes to. */
const REMOVALS = 20;

let networks = 0;

/** Runs `ip`, and returns what it prints. */
export async function ip(...args: readonly string[]): Promise<string> {
  return (await run('ip', args)).stdout;
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
  const name = `${PREFIX}${process.pid}-probe`;
  const { status, stderr } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (status !== 0) return `network namespaces are not allowed: ${stderr.trim()}`;
  ipNow('netns', 'del', name);
  return undefined;
}

/** What all names of another network of this process begin with. */
export function newPrefix(): string {
  networks++;
  return `${PREFIX}${process.pid}-${networks}-`;
}

/** The folder of a network, with all that its processes write. */
export function folderOf(prefix: string): string {
  return join(tmpdir(), `${prefix}files`);
}

/** The folder with what a namespace has instead of files in `/etc`. */
export function etcOf(namespace: string): string {
  return join(ETC, namespace);
}

/** Makes an empty namespace with a loopback, and a file `hosts` that nobody else reads. */
export async function addNamespace(name: string): Promise<void> {
  // `ip netns exec` looks for this folder.
  mkdirSync(etcOf(name), { recursive: true });
  await ip('netns', 'add', name);
  await ip('-n', name, 'link', 'set', 'lo', 'up');
}

/** Removes all that processes have left that are gone. */
export function removeLeftovers(): void {
  const names = [NAMESPACES, ETC, tmpdir()].flatMap(namesIn);
  const pids = new Set(names.flatMap((name) => /^ringest-nets-(\d+)-/.exec(name)?.[1] ?? []));
  for (const pid of pids) {
    if (!existsSync(`/proc/${pid}`)) removeAll(`${PREFIX}${pid}-`);
  }
}

/**
 * Ends every process in the namespaces whose names begin so, and removes these, and the folders of such
 * names with what is mounted there. It waits for nothing, so that a process can do it as it exits.
 */
export function removeAll(prefix: string): void {
  const ofPrefix = (folder: string) => namesIn(folder).filter((name) => name.startsWith(prefix));
  const namespaces = ofPrefix(NAMESPACES);
  for (const pid of namespaces.flatMap(processesIn)) kill(pid);
  for (const name of namespaces) deleteNamespace(name);
  for (const name of ofPrefix(ETC)) rmSync(etcOf(name), { recursive: true, force: true });
  removeEmptyEtc();
  for (const name of ofPrefix(tmpdir())) removeFolder(join(tmpdir(), name));
}

/** It stays while another network has something there. */
function removeEmptyEtc(): void {
  const isInUse = () => namesIn(ETC).length > 0;
  if (isInUse()) return;
  unlessDone(
    () => rmdirSync(ETC),
    () => !existsSync(ETC) || isInUse(),
  );
}

function removeFolder(folder: string): void {
  for (const path of mountsIn(folder)) {
    // What still writes there keeps it until it is gone.
    const unmount = () => execFileSync('umount', ['--lazy', path], { stdio: 'pipe' });
    unlessDone(unmount, () => !mountsIn(folder).includes(path));
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: REMOVALS, retryDelay: 10 });
}

function ipNow(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function deleteNamespace(name: string): void {
  const isGone = () => !existsSync(join(NAMESPACES, name));
  unlessDone(() => ipNow('netns', 'del', name), isGone);
}

function processesIn(namespace: string): number[] {
  const isGone = () => !existsSync(join(NAMESPACES, namespace));
  const pids = unlessDone(() => ipNow('netns', 'pids', namespace), isGone) ?? '';
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
