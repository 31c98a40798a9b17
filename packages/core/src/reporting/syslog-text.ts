import { types } from 'node:util';
import { isError } from '@ringest/codec';
import type { LogLevel } from '../configuration/configuration.js';

/** The severity of each log level in RFC 5424, section 6.2.1. */
export const SEVERITIES = { debug: 7, info: 6, warn: 4, error: 3 } as const satisfies Record<
  LogLevel,
  number
>;

/** The fields of a line of syslog. */
export interface SyslogLine {
  readonly level: LogLevel;
  /** The time of the line. It is written to the millisecond. */
  readonly time: Date;
  /** The host name. At most 255 characters are written. */
  readonly hostname: string;
  /** The name of the program. At most 48 characters are written. */
  readonly appName: string;
  /** The process id. At most 128 characters are written. */
  readonly processId: string;
  /** The type of the message. At most 32 characters are written. */
  readonly messageId: string;
  /** The parameters of the structured data, in this order. At most 32 characters of a name are written. */
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
 * Formats a line of syslog (RFC 5424) with the facility `user` and without a newline at its end.
 *
 * A character that a field cannot hold becomes `_`, and an empty field becomes `-`. Control characters
 * and line ends become escapes such as `\n` and `\u001b`. An error becomes its message; if it has a
 * code, a second parameter has it, with `.code` after the name. Other values that are not text become
 * JSON, and values that JSON leaves out are left out.
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

/** Formats a time by RFC 3339, or as `-` if its year does not have four digits. */
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

/** Puts the byte order mark of RFC 5424, section 6.4, before UTF-8 text; ASCII does not need it. */
function message(text: string): string {
  const shown = visible(text);
  return /[^ -~]/u.test(shown) ? `${BYTE_ORDER_MARK}${shown}` : shown;
}

/** Escapes characters that would end the line, or control the terminal that shows it. */
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
    return isError(error) ? `not shown: ${error.message}` : 'not shown';
  }
}

function replaceUnfit(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return types.isNativeError(value) ? value.message : value;
}
