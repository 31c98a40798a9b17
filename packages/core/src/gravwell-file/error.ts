import { RingestError } from '@ringest/codec';

/** A position in a configuration file. Line and column start at 1; a column is a UTF-16 code unit. */
export interface Position {
  /** The line. The first one is 1. */
  readonly line: number;
  /** The UTF-16 code unit in the line. The first one is 1. */
  readonly column: number;
}

/** The place that a {@link ConfigFileError} is about. What is not known is left out. */
export interface ConfigFilePlace {
  /** The section as it is written in the file: `Global` or `Listener "one two"`. */
  readonly section?: string | undefined;
  /** The key, or the section if the section itself is wrong. */
  readonly field?: string | undefined;
  /** The line and the column. */
  readonly position?: Position | undefined;
  /** Where it is written: the path of a file, or the name of an environment variable. */
  readonly origin?: string | undefined;
}

/**
 * A configuration file that cannot be used, or a value in one. The message names the place and says what
 * to write. It may quote a value that is not a secret; it never contains a secret or a whole line.
 */
export class ConfigFileError extends RingestError {
  readonly code = 'ERR_CONFIG_FILE';
  /** The section as it is written in the file, if the error is in one. */
  readonly section: string | undefined;
  /** The key, or the section if the section itself is wrong. */
  readonly field: string | undefined;
  /** The line and the column, if they are known. */
  readonly position: Position | undefined;
  /** The path of the file, or the name of the environment variable, if there is one. */
  readonly origin: string | undefined;
  /** The message without the place. */
  readonly problem: string;

  constructor(problem: string, place: ConfigFilePlace = {}) {
    super(`${describe(place)}: ${problem}`);
    this.section = place.section;
    this.field = place.field;
    this.position = place.position;
    this.origin = place.origin;
    this.problem = problem;
  }
}

/** Adds a place to a {@link ConfigFileError}. Returns other errors as they are. */
export function locate(error: unknown, place: ConfigFilePlace): unknown {
  if (!(error instanceof ConfigFileError)) return error;
  const { field, origin } = error;
  return new ConfigFileError(error.problem, { field, origin, ...place });
}

function describe({ section, field, position, origin }: ConfigFilePlace): string {
  const words = [origin === undefined ? 'configuration' : `configuration ${origin}`];
  if (position) words.push(`line ${position.line}, column ${position.column}`);
  if (section !== undefined) words.push(`[${section}]`);
  if (field !== undefined && field !== section) words.push(field);
  return words.join(', ');
}

const MAX_QUOTED = 64;

/** Formats a value for an error message: quoted, and cut if it is long. */
export function quote(value: string): string {
  return JSON.stringify(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value);
}
