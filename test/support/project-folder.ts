import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.js';

/**
 * Makes the folder of a project, whose path has a space.
 * @param packages the folder `node_modules` that the project is to have
 */
export function projectFolder(packages: URL): string {
  const folder = join(temporaryDirectory(), 'a folder');
  mkdirSync(folder);
  symlinkSync(packages, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}
