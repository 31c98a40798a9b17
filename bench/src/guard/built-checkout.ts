import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { git } from '../shared/git.js';
import { runCommand } from '../shared/run-command.js';

/** A checkout could not be made or built. */
export class BuildError extends Error {
  readonly code = 'BUILD_FAILED';

  constructor(command: string, logFile: string) {
    super(`"${command}" failed for the other commit; what it printed is in ${logFile}`);
    this.name = 'BuildError';
  }
}

/** Where built checkouts are kept, each by the hash of its commit. */
export function checkoutsFolder(): string {
  return join(tmpdir(), `ringest-guard-${userInfo().uid}`);
}

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** What builds a clean clone of this repository. */
export const CLEAN_BUILD: readonly Command[] = [
  ['npx', '--yes', 'pnpm', 'install', '--frozen-lockfile', '--prefer-offline'],
  ['npx', '--yes', 'pnpm', 'build'],
];

/** What is built, and how. */
export interface ToBuild {
  readonly repository: string;
  /** Of a commit. */
  readonly hash: string;
  /** Commands that build it, from a clean clone. */
  readonly build: readonly Command[];
  /** Where built checkouts are kept. */
  readonly folder: string;
}

/**
 * A checkout of a commit that is built: a clone, so that the repository knows nothing of it. Once
 * built, it is kept for the next time.
 * @param tell called before something that takes long
 * @throws {BuildError}
 */
export async function builtCheckout(
  toBuild: ToBuild,
  tell: (what: string) => void,
  stop: AbortSignal,
): Promise<string> {
  const { hash, folder } = toBuild;
  makePrivate(folder);
  const checkout = join(folder, hash);
  if (existsSync(checkout)) return checkout;
  tell(`builds ${hash.slice(0, 10)} in ${checkout}, where it stays for the next time`);
  const making = mkdtempSync(join(folder, 'making-'));
  try {
    const clone = await build(toBuild, making, stop);
    // Somebody else may have been faster.
    if (!existsSync(checkout)) renameSync(clone, checkout);
  } catch (error) {
    // Of what failed, there is something to read.
    if (error instanceof BuildError) throw error;
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  rmSync(making, { recursive: true, force: true });
  return checkout;
}

async function build(
  { repository, hash, build: commands }: ToBuild,
  folder: string,
  stop: AbortSignal,
): Promise<string> {
  const clone = join(folder, 'clone');
  git(repository, 'clone', '--quiet', '--no-hardlinks', '--no-checkout', '.', clone);
  git(clone, 'checkout', '--quiet', '--detach', hash);
  for (const [i, command] of commands.entries()) {
    const log = join(folder, `output-${i}.txt`);
    const { exitCode } = await runCommand([...command], { cwd: clone }, log, stop);
    if (exitCode !== 0) throw new BuildError(command.join(' '), log);
  }
  return clone;
}

/** What is in the folder is run: nobody else may write to it. */
function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if (isOurs && (mode & 0o022) === 0) return;
  throw new Error(
    `others may write to ${folder}, from which programs would be run: remove it first`,
  );
}
