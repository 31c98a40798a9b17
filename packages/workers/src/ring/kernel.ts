import { KERNEL_BYTES } from '../generated/kernel-bytes.js';

/**
 * What the kernel (`assembly/kernel.ts`) does to the bytes of a lane's memory. Pointers are byte
 * addresses; ranges of ring bytes are contiguous and hold whole frames back to back. A walk over
 * frames ends at `end`, or earlier in front of what is not a frame.
 *
 * It is WebAssembly because V8 copies into shared memory byte by byte unless both sides are
 * 8-aligned, and frames are not.
 */
export interface Kernel {
  /**
   * Lays frames down from `to` on, for `count` records, back to back; it stops before one that would
   * pass `end`. Returns where it stopped, and `laid` says how many frames it were. A record is one entry:
   * `u32 body · u32 body bytes · u32 data bytes and flags · u32 muxer tag · f64 Unix seconds ·
   * u32 nanoseconds · u32 source`. `body` is where its data and values lie, or 0: they are in their
   * place already. `source` is where the four words of its source lie, or 0: stamping gives it the one
   * of `setLocalSource`. Each body is followed by the `tailBytes` from `tail`: values that all have.
   */
  lay(
    records: number,
    count: number,
    to: number,
    end: number,
    tail: number,
    tailBytes: number,
  ): number;
  laid(): number;
  /**
   * Makes records for the lines of a range, at most `most`, and returns how many. The first record is
   * the template: all get its flags, tag, time and source. A line ends with the delimiter, which is no
   * part of it, and, if that is a line feed, neither is a carriage return before it. It stops at the end of the last
   * whole line, or before a line of more than `mostBytes`: `splitEnd` says where. Empty lines are kept
   * or skipped.
   */
  split(
    from: number,
    end: number,
    delimiter: number,
    delimiterBytes: number,
    keepsEmpty: boolean,
    mostBytes: number,
    records: number,
    most: number,
  ): number;
  splitEnd(): number;

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
  /**
   * Takes tag and id of stamped frames back; the source stays. Frames never stamped are left alone. Returns
   * where it stopped: also before a frame that would pass `end`, whose lengths were overwritten.
   */
  unstamp(from: number, end: number, toMuxer: number): number;
  /** Skips at most `most` frames; `walked` says how many it were. It stops before one that would pass `end`. */
  walk(from: number, end: number, most: number): number;
  /**
   * Skips the first frame, and those after it that have its tag and end at or before `limit`; `walked` says
   * how many it were. `end` is where frames end, as for `walk`.
   */
  walkRun(from: number, end: number, limit: number): number;
  walked(): number;
  /** How many whole CONFIRM_ENTRY commands with consecutive ids from `expected` on stand at `from`. */
  countConfirmations(from: number, end: number, expected: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** The compiled kernel; the same module serves every lane and can be posted to a worker. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_BYTES, 'base64'));
  return compiled;
}

export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}
