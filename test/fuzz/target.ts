/** Something that reads foreign bytes, and what must hold whatever they are. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with, at least one: good ones, and such as were once read wrongly. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the format, which chance would not find: at least one. */
  readonly words: readonly Uint8Array[];
  /** Sets right what hardly any change leaves right, such as a checksum. May fail to. */
  repair?(input: Buffer): Buffer;
  /**
   * Reads an input.
   *
   * @returns what came of it, in few words: an input with a new one is kept.
   * @throws whatever it likes if something does not hold that must.
   */
  run(input: Buffer): readonly string[];
  /** A good input of roughly so many bytes, to see that the work does not grow faster than they do. */
  long(bytes: number): Buffer;
}

/** Words as bytes. */
export function texts(...words: readonly string[]): Buffer[] {
  return words.map((word) => Buffer.from(word));
}
