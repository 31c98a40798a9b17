/**
 * The values of keys: each function takes the text of a value and, for its error, the name of the
 * key. All of them throw a {@link ConfigFileError}.
 */
import { isIP } from 'node:net';
import { Source } from '@ringest/codec';
import { ConfigFileError, quote } from './error.js';

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['t', true],
  ['yes', true],
  ['y', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['no', false],
  ['n', false],
  ['0', false],
]);

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
]);

/**
 * Parses a boolean: `true`, `t`, `yes`, `y`, `1`, or `false`, `f`, `no`, `n`, `0`, in any case.
 *
 * @throws {ConfigFileError} if the text is something else.
 */
export function parseBoolean(text: string, field = 'boolean'): boolean {
  return lookUp(WORDS, text, field);
}

/**
 * Parses a boolean key of a file, with the words of git: `true`, `yes`, `on`, `1`, or `false`, `no`,
 * `off`, `0`, in any case.
 *
 * @throws {ConfigFileError} if the text is something else.
 */
export function parseSwitch(text: string, field: string): boolean {
  return lookUp(SWITCH_WORDS, text, field);
}

function lookUp(words: ReadonlyMap<string, boolean>, text: string, field: string): boolean {
  const value = words.get(text.toLowerCase());
  if (value !== undefined) return value;
  const known = [...words.keys()].join(', ');
  throw new ConfigFileError(`${quote(text)} is not a boolean; use one of ${known}`, { field });
}

/**
 * Parses a whole number, decimal or hexadecimal after `0x`.
 *
 * @throws {ConfigFileError} if the text is something else, or not a safe integer.
 */
export function parseInteger(text: string, field = 'integer'): number {
  const match = /^(?:([+-]?)(\d+)|(-?)(0x[\da-fA-F]+))$/.exec(text.trim());
  if (!match) throw new ConfigFileError(`${quote(text)} is not an integer`, { field });
  const [, sign, decimal, hexSign, hexadecimal] = match;
  const value = Number(decimal ?? hexadecimal);
  if (!Number.isSafeInteger(value)) {
    throw new ConfigFileError(`${quote(text)} is not within ±(2^53 - 1)`, { field });
  }
  return value !== 0 && (sign === '-' || hexSign === '-') ? -value : value;
}

// Leading zeros apart, 19 digits hold every 64-bit integer; more are not worth converting.
const RATE = /^([+-]?0*\d{1,19})(?:([kmgKMG])b(?:it|ps)|([KMG])Bps)?$/;

/**
 * Parses a rate, and returns it in bits per second: an integer, alone or directly followed by `kbit`,
 * `kbps`, `mbit`, `mbps`, `gbit`, `gbps` (also with a capital first letter; powers of 1024) or by `KBps`,
 * `MBps`, `GBps` (bytes: eight times as much). Empty text is 0, which means no limit.
 *
 * The result is a signed 64-bit integer that wraps around like the one of the reference:
 * `999999999999gbit` is 3830667723772264448. It may be negative; the caller must check its range.
 *
 * @throws {ConfigFileError} if the text is something else.
 */
export function parseRate(text: string, field = 'rate'): bigint {
  if (text === '') return 0n;
  const match = RATE.exec(text);
  // The expression has matched: its first group has too.
  const count = match ? BigInt(match[1] as string) : 0n;
  if (!match || BigInt.asIntN(64, count) !== count) {
    throw new ConfigFileError(
      `${quote(text)} is not a rate; write it like 10mbit, 1gbps or 5MBps`,
      { field },
    );
  }
  const [, , bits, bytes] = match;
  const power = ' kmg'.indexOf((bits ?? bytes ?? ' ').toLowerCase());
  return BigInt.asIntN(64, count * 1024n ** BigInt(power) * (bytes ? 8n : 1n));
}

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // Both the micro sign and the Greek letter are in use.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * Parses a duration in the form of Go, and returns it in milliseconds: an optional sign and one or more
 * decimal numbers with a unit each (`ns`, `us`, `ms`, `s`, `m`, `h`), such as `1h30m`, `1.5s` or `-10ms`;
 * or `0`. The result is exact to the nanosecond, so it may have a fraction.
 *
 * @throws {ConfigFileError} if the text is something else, or beyond ±2^63 nanoseconds.
 */
export function parseDuration(text: string, field = 'duration'): number {
  const fail = (): never => {
    throw new ConfigFileError(
      `${quote(text)} is not a duration; write it like 30s, 1h30m or 250ms`,
      { field },
    );
  };
  const sign = text.startsWith('-') ? -1n : 1n;
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0;
  if (unsigned === '') fail();
  const part = /(0*\d{0,19})(?:\.(\d*))?(ns|[u\u00b5\u03bc]s|ms|s|m|h)/y;
  let total = 0n;
  while (part.lastIndex < unsigned.length) {
    const [, whole = '', fraction = '', unit = ''] = part.exec(unsigned) ?? fail();
    if (whole + fraction === '') fail();
    const nanoseconds = NANOSECONDS[unit] ?? fail();
    // Digits that are worth less than a nanosecond, even of an hour, do not matter.
    const digits = fraction.slice(0, 18);
    total += BigInt(whole) * nanoseconds;
    total += (BigInt(digits) * nanoseconds) / 10n ** BigInt(digits.length);
  }
  if (BigInt.asIntN(64, sign * total) !== sign * total) fail();
  return Number(sign * total) / 1e6;
}

/**
 * Parses an IPv4 or IPv6 address without a zone.
 *
 * @throws {ConfigFileError} if the text is something else.
 */
export function parseAddress(text: string, field: string): Source {
  if (isIP(text) === 0 || text.includes('%')) {
    throw new ConfigFileError(`${quote(text)} is not an IPv4 or IPv6 address`, { field });
  }
  return Source.parse(text);
}

/**
 * Parses a source of entries: an IP address, an unsigned 64-bit integer (decimal, or hexadecimal after
 * `0x`), or an even number of up to 32 hexadecimal digits. Integers and digits become the last bytes of
 * an address of 16 bytes. Empty text becomes 16 zeros.
 *
 * @throws {ConfigFileError} if the text is something else.
 */
export function parseSourceOverride(text: string, field = 'source'): Source {
  if (isIP(text) !== 0) return parseAddress(text, field);
  const hexadecimal = integerSource(text) ?? (/^(?:[\da-fA-F]{2}){0,16}$/.test(text) ? text : null);
  if (hexadecimal === null) {
    throw new ConfigFileError(
      `${quote(text)} is not a source; use an address, an integer or up to 32 hexadecimal digits`,
      { field },
    );
  }
  return Source.fromBytes(Buffer.from(hexadecimal.padStart(32, '0'), 'hex'));
}

function integerSource(text: string): string | undefined {
  if (!/^(?:0*\d{1,20}|0x0*[\da-fA-F]{1,16})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 2n ** 64n ? value.toString(16) : undefined;
}

/**
 * Parses a UUID, and returns it in lower case with dashes. It may be written with 32 digits, with dashes,
 * in braces or after `urn:uuid:`.
 *
 * @throws {ConfigFileError} if the text is something else.
 */
export function parseUuid(text: string, field = 'uuid'): string {
  const [, urn, braced] = /^(?:urn:uuid:(.{36})|\{(.{36})\})$/i.exec(text) ?? [];
  const digits = /^([\da-f]{8})(-?)([\da-f]{4})\2([\da-f]{4})\2([\da-f]{4})\2([\da-f]{12})$/i.exec(
    urn ?? braced ?? text,
  );
  if (!digits) throw new ConfigFileError(`${quote(text)} is not a UUID`, { field });
  return [1, 3, 4, 5, 6]
    .map((group) => digits[group])
    .join('-')
    .toLowerCase();
}
