/**
 * Addresses and lengths on a disk are multiples of this many bytes, or of a divisor of it. A write past the
 * cache of the operating system needs memory, an offset and a length that are multiples too.
 */
export const ALIGNMENT = 4096;

/** The size of a page of WebAssembly's memory, in bytes. */
const PAGE_BYTES = 65536;

/** The memory that `alignedMemory` made. */
const aligned = new WeakSet<ArrayBufferLike>();

/**
 * Makes a buffer whose address is a multiple of `ALIGNMENT`: WebAssembly's memory begins with a page. It reserves
 * 10.5 GB of address space. A process that may have no more gets a buffer at any address.
 */
export function alignedMemory(bytes: number): Buffer {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    aligned.add(buffer);
    return Buffer.from(buffer, 0, bytes);
  } catch {
    return Buffer.allocUnsafeSlow(bytes);
  }
}

/** Whether some bytes lie in memory as they are to lie in the file: as far behind a multiple of `ALIGNMENT`. */
export function isAlignedTo(bytes: Uint8Array, offset: number): boolean {
  return aligned.has(bytes.buffer) && bytes.byteOffset % ALIGNMENT === offset % ALIGNMENT;
}
