import { InvalidTagError } from './errors.js';

declare const muxerTag: unique symbol;
declare const indexerTag: unique symbol;

/** The number of a tag in one muxer, 0..65535: the same for all of its connections (§7). */
export type MuxerTag = number & { readonly [muxerTag]: true };

/** The number of a tag on one indexer, 0..65535: the number on the wire, different for each indexer (§7). */
export type IndexerTag = number & { readonly [indexerTag]: true };

/** The name of the tag of an ingester's own log, which is never negotiated (§7). */
export const GRAVWELL_TAG_NAME = 'gravwell';

/** The number of the tag `gravwell`, which is the same everywhere and never translated (§7). */
export const GRAVWELL_TAG = 0xffff as MuxerTag & IndexerTag;

/** The most tags that can be negotiated: every number but the one of `gravwell` (§7). */
export const MAX_TAGS = 65535;

/** The longest tag name, in bytes of UTF-8 after trimming (§7). */
export const MAX_TAG_NAME_BYTES = 4096;

const WHITE_SPACE = /\p{White_Space}/u;

// What can be printed is a letter, mark, number, punctuation or symbol. That leaves out controls,
// white space, format characters, unassigned code points and lone surrogates.
const UNPRINTABLE = '[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]';
const PUNCTUATION = '["\'`´‘’“”*$\\\\[\\]|{}();=<!>~%^&.:,/]';
const FORBIDDEN = new RegExp(`${UNPRINTABLE}|${PUNCTUATION}`, 'u');
const EVERY_FORBIDDEN = new RegExp(FORBIDDEN, 'gu');

/**
 * Checks a tag name by the rules of §7 and returns it trimmed.
 *
 * @throws {InvalidTagError} if the name is empty, over {@link MAX_TAG_NAME_BYTES}, or has a forbidden character.
 */
export function checkTag(name: string): string {
  const trimmed = checkSize(trim(name));
  if (FORBIDDEN.test(trimmed)) throw new InvalidTagError(trimmed, 'forbidden');
  return trimmed;
}

/**
 * Makes a valid tag name: trims the name and replaces every forbidden character by `replacement` (§7).
 *
 * @throws {InvalidTagError} if the name is empty or too long, before or after the replacement, or if
 * `replacement` is not exactly one allowed character.
 */
export function remapTag(name: string, replacement = '_'): string {
  if (checkTag(replacement) !== replacement || [...replacement].length !== 1) {
    throw new InvalidTagError(replacement, 'forbidden');
  }
  const trimmed = checkSize(trim(name));
  return checkSize(trimmed.replace(EVERY_FORBIDDEN, replacement));
}

function checkSize(trimmed: string): string {
  if (trimmed === '') throw new InvalidTagError(trimmed, 'empty');
  if (Buffer.byteLength(trimmed) > MAX_TAG_NAME_BYTES) {
    throw new InvalidTagError(trimmed, 'oversized');
  }
  return trimmed;
}

// String.trim differs from Unicode's white space (it takes U+FEFF and leaves U+0085), and a regular
// expression anchored at the end takes quadratic time. All white space is in the basic plane.
function trim(name: string): string {
  let start = 0;
  let end = name.length;
  while (start < end && WHITE_SPACE.test(name.charAt(start))) start++;
  while (end > start && WHITE_SPACE.test(name.charAt(end - 1))) end--;
  return name.slice(start, end);
}
