import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

/** Parses an IP address. */
export function address(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError('It must be an IP address.');
}

/** Parses `name=value`, and adds it to those before. */
export function nameAndValue(text: string, others: Readonly<Record<string, string>>) {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('It must be name=value.');
  return { ...others, [name]: value };
}

/** Parses a regular expression of JavaScript. */
export function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** Returns a parser that adds a value to those before, for flags that may be repeated. */
export function repeated<Value>(parse: (text: string) => Value) {
  return (text: string, others: readonly Value[]): readonly Value[] => [...others, parse(text)];
}

const BYTES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, 0: 0, '\\': 92 };

/** The bytes of text in UTF-8, in which some are written as a backslash and letters. */
export function bytesOfText(text: string): Uint8Array {
  const parts = text.split(/(\\(?:x[0-9a-f]{2}|.))/i).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part);
    const byte = part.length === 4 ? Number.parseInt(part.slice(2), 16) : BYTES[part.slice(1)];
    if (byte === undefined) throw new InvalidArgumentError(`${part} stands for nothing.`);
    return Buffer.of(byte);
  });
  const bytes = Buffer.concat(parts);
  if (bytes.length > 0 && bytes.length <= 16) return bytes;
  throw new InvalidArgumentError('It must have 1 to 16 bytes.');
}
