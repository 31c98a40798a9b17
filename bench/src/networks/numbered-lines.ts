/** Bytes of each line, without its end. */
export const LINE_BYTES = 250;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const FILLING = LETTERS.repeat(Math.ceil(LINE_BYTES / LETTERS.length) + 1);

/** A line that no other host has, and no other number. All of it follows from these two. */
export function numberedLine(host: string, number: number): string {
  const begin = `${host} ${number} `;
  const at = number % LETTERS.length;
  return begin + FILLING.slice(at, at + LINE_BYTES - begin.length);
}

/** The host and the number of a line; `undefined`: it is none of these lines, or was altered. */
export function readNumberedLine(line: string): { host: string; number: number } | undefined {
  const [host = '', text = ''] = line.split(' ', 2);
  const number = Number(text);
  return line === numberedLine(host, number) ? { host, number } : undefined;
}

/** The source that all lines of a host have: an address that is set aside for documentation (RFC 5737), by the last character. */
export function sourceOf(host: string): string {
  return `192.0.2.${host.charCodeAt(host.length - 1)}`;
}
