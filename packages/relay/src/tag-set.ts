/** A set of tag numbers: a bit for each. */
export class TagSet {
  readonly #bits = new Uint8Array(65536 / 8);

  has(tag: number): boolean {
    return ((this.#bits[tag >> 3] as number) & (1 << (tag & 7))) !== 0;
  }

  add(tag: number): void {
    this.#bits[tag >> 3] = (this.#bits[tag >> 3] as number) | (1 << (tag & 7));
  }
}
