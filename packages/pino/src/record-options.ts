import { InvalidArgumentError } from '@ringest/core';

/** How records of pino become entries. */
export interface RecordOptions {
  /** The name of the tag. It is negotiated if the muxer does not have it. */
  readonly tag: string;
  /**
   * What the data of an entry is. `record`: the line that pino wrote, without its line feed. `message`: the
   * text of the record alone; a record without text is kept whole. Default: `record`.
   */
  readonly data?: 'record' | 'message';
  /**
   * Fields of a record that become enumerated values of the same name: text, numbers and booleans as they are,
   * anything else as JSON. A field that is absent or `null` is left out. `level` is the name of the level.
   * Default: none.
   */
  readonly fields?: readonly string[];
  /** Names of levels by their numbers, beside those of pino. Default: none. */
  readonly levels?: Readonly<Record<number, string>>;
  /** The field with the text of a record: the option `messageKey` of pino. Default: `msg`. */
  readonly messageKey?: string;
}

/** The options with their defaults, checked. */
export type CheckedRecordOptions = Required<Omit<RecordOptions, 'levels'>> & {
  readonly levels: ReadonlyMap<number, string>;
};

const PINO_LEVELS = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** @throws {InvalidArgumentError} an option cannot be used */
export function checkRecordOptions(options: RecordOptions): CheckedRecordOptions {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', options, '{ tag }, see RecordOptions');
  }
  const { tag, data = 'record', fields = [], levels = {}, messageKey = 'msg' } = options;
  check('tag', tag, typeof tag === 'string', 'the name of a tag');
  check('data', data, data === 'record' || data === 'message', "'record' or 'message'");
  const areNames = Array.isArray(fields) && fields.every((field) => typeof field === 'string');
  check('fields', fields, areNames, 'an array of names');
  const isObject = typeof levels === 'object' && levels !== null;
  const names = isObject ? Object.values(levels) : [];
  const areLevels = isObject && names.every((name) => typeof name === 'string');
  check('levels', levels, areLevels, 'an object of numbers and names');
  check('messageKey', messageKey, typeof messageKey === 'string', 'the name of a field');
  const all = Object.entries({ ...PINO_LEVELS, ...levels });
  return {
    tag,
    data,
    fields: [...new Set(fields)],
    levels: new Map(all.map(([number, name]) => [Number(number), name])),
    messageKey,
  };
}

function check(name: string, value: unknown, isUsable: boolean, wanted: string): void {
  if (!isUsable) throw new InvalidArgumentError(`options.${name}`, value, wanted);
}
