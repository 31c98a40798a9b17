import { types } from 'node:util';
import type { LogLevel } from '../configuration/configuration.js';

/** The levels of ringest's own log, with the severities that RFC 5424 §6.2.1 has for them. */
export const SEVERITIES = { debug: 7, info: 6, warn: 4, error: 3 } as const satisfies Record<
  LogLevel,
  number
>;

/** What a line of syslog is made from. */
export interface SyslogLine {
  readonly level: LogLevel;
  /** Written to the millisecond. */
  readonly time: Date;
  /** At most 255 characters are written. */
  readonly hostname: string;
  /** At most 48. */
  readonly appName: string;
  /** At most 128. */
  readonly processId: string;
  /** The kind of message; at most 32. */
  readonly messageId: string;
  /** The parameters of the structured data, in this order; at most 32 characters of a name. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const USER_FACILITY = 1;
const VERSION = 1;
const NIL = '-';
const BYTE_ORDER_MARK = '\ufeff';

/** The structured data's id: the one that Gravwell's ingesters give to what they log. */
const DATA_ID = 'gw@1';

const MAX_PARAMETER_NAME = 32;
const CODE_SUFFIX = '.code';

/** The names that control characters have as escapes. */
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A line of syslog as RFC 5424 has it, of the facility `user` and without a newline at its end.
 *
 * What a field cannot hold is replaced by `_`, and an empty field is `-`. Control characters, and
 * all that ends a line, are written as escapes such as `\n` and `\u001b`. An error is its message,
 * and another parameter with `.code` after the name if it has a code; other values that are no text
 * are JSON, and what JSON leaves out is left out.
 */
export function formatSyslog(line: SyslogLine): string {
  const header = [
    `<${USER_FACILITY * 8 + SEVERITIES[line.level]}>${VERSION}`,
    timestamp(line.time),
    headerField(line.hostname, 255),
    headerField(line.appName, 48),
    headerField(line.processId, 128),
    headerField(line.messageId, 32),
    structuredData(line.data),
  ].join(' ');
  return line.message === '' ? header : `${header} ${message(line.message)}`;
}

/** RFC 3339 with a year of four digits; what has none is no time here. */
function timestamp(time: Date): string {
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9999 ? time.toISOString() : NIL;
}

function headerField(text: string, most: number): string {
  return text.replaceAll(/[^!-~]/gu, '_').slice(0, most) || NIL;
}

function structuredData(data: Readonly<Record<string, unknown>>): string {
  const parameters: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    const text = valueText(value);
    if (text !== undefined) parameters.push(parameter(name, '', text));
    const code: unknown = types.isNativeError(value) && 'code' in value ? value.code : undefined;
    if (typeof code === 'string' || typeof code === 'number') {
      parameters.push(parameter(name, CODE_SUFFIX, `${code}`));
    }
  }
  return parameters.length === 0 ? NIL : `[${[DATA_ID, ...parameters].join(' ')}]`;
}

function parameter(name: string, suffix: string, value: string): string {
  const head = name.replaceAll(/[^!-~]|[=\]"]/gu, '_').slice(0, MAX_PARAMETER_NAME - suffix.length);
  return `${head || '_'}${suffix}="${visible(value).replaceAll(/["\\\]]/g, '\\$&')}"`;
}

/** §6.4 wants a mark before UTF-8, which ASCII is as well; there it would only be in the way. */
function message(text: string): string {
  const shown = visible(text);
  return /[^ -~]/u.test(shown) ? `${BYTE_ORDER_MARK}${shown}` : shown;
}

/** No text can end its line, or speak to the terminal that shows it. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return ESCAPES[character] ?? `\\u${code}`;
  });
}

function valueText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (types.isNativeError(value)) return value.message;
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`;
  try {
    const json: string | undefined = JSON.stringify(value, replaceUnfit);
    // A date and the like: text in quotes otherwise.
    return json?.startsWith('"') ? (JSON.parse(json) as string) : json;
  } catch (error) {
    return error instanceof Error ? `not shown: ${error.message}` : 'not shown';
  }
}

function replaceUnfit(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return types.isNativeError(value) ? value.message : value;
}
