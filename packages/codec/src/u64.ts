/** 2 to the power of 32: what the high word of a 64-bit integer is multiplied by. */
export const TWO_32 = 0x1_0000_0000;

/**
 * Writes a non-negative integer below 2^53 as a `u64`, in two words. A `BigInt` for each id would
 * create garbage for every entry.
 */
export function writeU64(value: number, target: Buffer, offset: number): void {
  target.writeUInt32LE(value % TWO_32, offset);
  target.writeUInt32LE(Math.floor(value / TWO_32), offset + 4);
}

/** Reads a `u64` as a number: exact below 2^53, the nearest number above. */
export function readU64(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset + 4) * TWO_32 + source.readUInt32LE(offset);
}
