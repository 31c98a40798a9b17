import { type CommonRecordOptions, checkCommonOptions, checkOption } from '@ringest/core/records';

/** How records of pino become entries. */
export interface RecordOptions extends CommonRecordOptions {
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
  const common = checkCommonOptions(options);
  const { levels = {}, messageKey = 'msg' } = options;
  const isObject = typeof levels === 'object' && levels !== null;
  const names = isObject ? Object.values(levels) : [];
  const areLevels = isObject && names.every((name) => typeof name === 'string');
  checkOption('levels', levels, areLevels, 'an object of numbers and names');
  checkOption('messageKey', messageKey, typeof messageKey === 'string', 'the name of a field');
  const all = Object.entries({ ...PINO_LEVELS, ...levels });
  return {
    ...common,
    levels: new Map(all.map(([number, name]) => [Number(number), name])),
    messageKey,
  };
}
