import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './pages.js';

/** A public face of a package: what a program imports, and the source of it. */
export interface Face {
  /** As `@ringest/workers/thread`. */
  readonly name: string;
  /** Its absolute path. */
  readonly source: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly types?: string }>>;
}

const PACKAGES = join(REPOSITORY, 'packages');
const FIRST = 'core';

/** The public faces of all packages: what an ingester embeds comes first, and `.` before other faces. */
export function readFaces(): Face[] {
  const names = readdirSync(PACKAGES).filter((name) =>
    existsSync(join(PACKAGES, name, 'package.json')),
  );
  const others = names.filter((name) => name !== FIRST).toSorted();
  return [FIRST, ...others].flatMap((folder) => facesOf(join(PACKAGES, folder)));
}

function facesOf(folder: string): Face[] {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (manifest.private) return [];
  return Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => {
    const types = typeof target === 'string' ? undefined : target.types;
    if (types === undefined || path === './internal') return [];
    const source = types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts');
    return [{ name: manifest.name + path.slice(1), source: join(folder, source) }];
  });
}
