import { createRequire } from 'node:module';
import type * as Crc32 from '@node-rs/crc32';
import type * as Snappy from 'snappy';
import { NativeLibraryError } from './errors.js';

/** The functions of native libraries that compression needs. */
export type SnappyLibrary = Pick<typeof Snappy, 'compressSync' | 'uncompressSync'> &
  Pick<typeof Crc32, 'crc32c'>;

const load = createRequire(import.meta.url);
let library: SnappyLibrary | undefined;

/**
 * Returns the native libraries. They are loaded at the first call: loading takes 30 ms of processor time
 * in every thread, and a process may be forbidden to load native code.
 * @throws {NativeLibraryError} they cannot be loaded
 */
export function snappyLibrary(): SnappyLibrary {
  library ??= loadLibrary();
  return library;
}

function loadLibrary(): SnappyLibrary {
  try {
    const { compressSync, uncompressSync } = load('snappy') as typeof Snappy;
    const { crc32c } = load('@node-rs/crc32') as typeof Crc32;
    return { compressSync, uncompressSync, crc32c };
  } catch (cause) {
    throw new NativeLibraryError(cause);
  }
}
