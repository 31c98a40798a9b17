import { execFileSync } from 'node:child_process';

/**
 * Runs Git in a folder.
 * @returns what it prints, without the line end
 * @throws with what Git says, when it fails
 */
export function git(folder: string, ...args: string[]): string {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: [...stdio] }).trim();
}
