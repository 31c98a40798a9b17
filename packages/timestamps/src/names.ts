/** Names of months and days, which are read without making strings of them. */

const MONTHS =
  'january february march april may june july august september october november december';
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday';

/** Names that are told apart by their first three letters. */
export class Names {
  readonly #keys: Int32Array;
  readonly #names: readonly Uint8Array[];

  constructor(names: string) {
    this.#names = names.split(' ').map((name) => new TextEncoder().encode(name));
    this.#keys = Int32Array.from(this.#names, (name) => key(name, 0));
  }

  /** Which name the three letters from `at` on begin, of either case; -1 for none. */
  find(bytes: Uint8Array, at: number): number {
    const sought = key(bytes, at);
    const keys = this.#keys;
    for (let name = 0; name < keys.length; name++) if (keys[name] === sought) return name;
    return -1;
  }

  /** Where a whole name ends that begins at `at`; -1 when other bytes follow. */
  endOf(name: number, bytes: Uint8Array, at: number, to: number): number {
    const letters = this.#names[name] as Uint8Array;
    const end = at + letters.length;
    if (end > to) return -1;
    for (let i = 3; i < letters.length; i++) {
      if (((bytes[at + i] as number) | 0x20) !== letters[i]) return -1;
    }
    return end;
  }
}

export const monthNames = new Names(MONTHS);
export const weekdayNames = new Names(WEEKDAYS);

/** Three letters as one number, in lower case. */
function key(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 16) |
    ((bytes[at + 1] as number) << 8) |
    (bytes[at + 2] as number) |
    0x202020
  );
}
