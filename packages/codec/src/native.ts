import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The native modules for compression. */
interface Native {
  readonly crc32c: typeof import('@node-rs/crc32').crc32c;
  readonly compressSync: typeof import('snappy').compressSync;
  readonly uncompressSync: typeof import('snappy').uncompressSync;
}

let loaded: Native | undefined;

/**
 * They are loaded when something is compressed or uncompressed for the first time: most connections
 * are plain, and native modules are forbidden in some places (`--no-addons`). Throws when they cannot
 * be loaded.
 */
export function native(): Native {
  loaded ??= { ...require('@node-rs/crc32'), ...require('snappy') };
  return loaded as Native;
}
