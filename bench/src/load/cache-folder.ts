import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CacheChoice } from '@ringest/flags';
import type { LoadObserver } from './load-observer.js';
import type { LoadOptions } from './load-options.js';

/** The folder of a load's cache: the user's, or a temporary one that goes when it is empty. */
export class CacheFolder implements Disposable {
  readonly path: string;
  readonly #isTemporary: boolean;
  readonly #left: (path: string) => void;

  /**
   * @param path a folder, which the muxer makes if it is missing; `undefined`: a temporary one
   * @param left called at the end, with the folder that is left
   */
  constructor(path: string | undefined, left: (path: string) => void) {
    this.#isTemporary = path === undefined;
    this.path = path === undefined ? mkdtempSync(join(tmpdir(), 'ringest-cache-')) : resolve(path);
    this.#left = left;
  }

  /** Bytes of all segments in it. */
  get bytes(): number {
    return segmentBytes(this.path);
  }

  [Symbol.dispose](): void {
    const damaged = list(join(this.path, 'quarantine'));
    if (this.bytes > 0 || damaged.length > 0) this.#left(this.path);
    else if (this.#isTemporary) rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * The folder of a load's cache.
 * @throws there are entries in it, and the account of the embedded indexer would not know them
 */
export function openCacheFolder(
  { path }: CacheChoice,
  { targets }: LoadOptions,
  observer: LoadObserver,
): CacheFolder {
  const folder = new CacheFolder(path, (left) => observer.left(left));
  if (targets.length > 0 || folder.bytes === 0) return folder;
  throw new Error(
    `${folder.path} has entries of an earlier run, which are none of this load: send them to their ` +
      'indexers first, with --clear-conns or the like, or name another folder',
  );
}

/** Bytes of all segments in a folder. Segments may be removed while it counts. */
export function segmentBytes(path: string): number {
  const segments = list(path).filter((name) => name.endsWith('.segment'));
  const size = (name: string) => statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0;
  return segments.reduce((sum, name) => sum + size(name), 0);
}

/** The names in a folder; none where there is no folder. */
function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
