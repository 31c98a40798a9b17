import { checkTag, messageOf } from '@ringest/codec';
import { RelayOptionError } from './errors.js';

/** Which tags ingesters may have: names, and patterns in which each `*` stands for any characters, or none. */
export class TagFilter {
  /** Each as its pieces between the stars. */
  readonly #patterns: readonly (readonly string[])[] | undefined;

  /**
   * @param patterns `undefined`: any tag
   * @param option the path of the option, for errors
   * @throws {RelayOptionError} a pattern fits no tag, or there is none
   */
  constructor(patterns: readonly string[] | undefined, option: string) {
    if (patterns?.length === 0) throw new RelayOptionError(option, 'name at least one tag');
    this.#patterns = patterns?.map((pattern, i) => piecesOf(pattern, `${option}.${i}`));
  }

  /** @param name a valid one (§7) */
  allows(name: string): boolean {
    return this.#patterns?.some((pieces) => fits(name, pieces)) ?? true;
  }
}

function piecesOf(pattern: string, option: string): readonly string[] {
  const trimmed = pattern.trim();
  const pieces = trimmed.split('*');
  try {
    // A star is forbidden in names, and whatever it stands for is allowed.
    checkTag(pieces.join('x') || 'x');
    if (trimmed === '') throw new Error('it is empty');
  } catch (cause) {
    const name = JSON.stringify(pattern);
    throw new RelayOptionError(option, `${name} fits no tag: ${messageOf(cause)}`, {
      cause,
      value: pattern,
    });
  }
  return pieces;
}

function fits(name: string, pieces: readonly string[]): boolean {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
