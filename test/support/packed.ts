import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Packs every package as it is published. Returns the paths of the tarballs. */
export async function packPackages(folder: string): Promise<readonly string[]> {
  const filter = ['--filter', './packages/*', '--filter', './bench'];
  const pack = ['-r', ...filter, 'pack', '--pack-destination', folder];
  await promisify(execFile)('npx', ['--yes', 'pnpm', ...pack], { cwd: REPOSITORY });
  return readdirSync(folder).map((name) => join(folder, name));
}
