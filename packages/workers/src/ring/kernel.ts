import { readFileSync } from 'node:fs';
import { explainLimit } from '../system-limit.js';

/**
 * What the kernel (`assembly/kernel.ts`) does to the bytes of a lane's memory. Pointers are byte
 * addresses; ranges of ring bytes are contiguous and hold whole frames back to back. A walk over
 * frames ends at `end`, or earlier in front of what is not a frame.
 *
 * It is WebAssembly because V8 copies into shared memory byte by byte unless both sides are
 * 8-aligned, and frames are not: encoding a 64-byte entry costs 30 ns here and 80 with a DataView.
 */
export interface Kernel {
  /** The source of the frames to come, as the four little-endian words of the header field. */
  setSource(w0: number, w1: number, w2: number, w3: number, isIPv4: boolean): void;
  /** The frames to come have no source: stamping gives them the one of `setLocalSource`. */
  setNoSource(): void;
  /**
   * Writes the 46 bytes before a frame's data at `at`, and then `bodyBytes` of data and values
   * from `body`. `seconds` are Unix seconds; `lengthWord` is the length of the data, with
   * `FLAG_VALUES` when a block of enumerated values follows it.
   */
  encode(
    at: number,
    seconds: number,
    nanoseconds: number,
    tag: number,
    lengthWord: number,
    body: number,
    bodyBytes: number,
  ): void;

  setLocalSource(w0: number, w1: number, w2: number, w3: number, isIPv4: boolean): void;
  setNextId(id: number): void;
  setTakesValues(takes: boolean): void;
  nextId(): number;
  /**
   * Gives the frames of a range their indexer tag, the next ids and a source. `end` may lie inside
   * the last frame. Returns where it stopped: behind the last frame that begins four bytes before `end`, or at
   * what is not a frame, or at a frame whose tag the indexer does not know, or, where it takes no
   * enumerated values, at one that has some.
   */
  stamp(from: number, end: number, toIndexer: number): number;
  /** Takes tag and id of stamped frames back; the source stays. Frames never stamped are left alone. */
  unstamp(from: number, end: number, toMuxer: number): number;
  /** Skips at most `most` frames; `walked` says how many it were. */
  walk(from: number, end: number, most: number): number;
  walked(): number;
  /** How many whole CONFIRM_ENTRY commands with consecutive ids from `expected` on stand at `from`. */
  countConfirmations(from: number, end: number, expected: number): number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * The compiled kernel; the same module serves every lane and can be posted to a worker.
 * @throws {SystemLimitError} too many files are open to read it
 */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readKernel());
  return compiled;
}

function readKernel(): Buffer<ArrayBuffer> {
  try {
    return readFileSync(new URL('../kernel.wasm', import.meta.url));
  } catch (error) {
    throw explainLimit(error as Error);
  }
}

export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}
