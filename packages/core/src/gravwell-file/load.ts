import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigSetting, configSettings } from './config-settings.js';
import { type Environment, environmentSections } from './environment.js';
import { ConfigFileError } from './error.js';
import { type ConfigFile, readConfig } from './file.js';
import { parseIni } from './ini.js';
import { readWithoutProblems, tellOnce } from './problems.js';
import type { SectionDeclarations } from './sections.js';
import { globalUuid } from './settings.js';
import { UUID_KEY, writeUuid } from './uuid-file.js';

/** What {@link loadConfig} reads beside the file, and how. */
export interface LoadOptions<Declarations extends SectionDeclarations> {
  /**
   * The folders with files to add: all whose names end with `.conf`, in the order of their names.
   * Default: `<path>.d` if there is such a folder, such as `relay.conf.d`.
   */
  readonly overlays?: readonly string[] | undefined;
  /** The sections that the program knows, beside those of all ingesters. Default: none. */
  readonly sections?: Declarations | undefined;
  /** The types of preprocessors that the program runs itself, such as `regexrouter`. Default: none. */
  readonly preprocessors?: readonly string[] | undefined;
  /** The environment variables. Default: `process.env`. */
  readonly environment?: Environment | undefined;
  /**
   * Whether a new `Ingester-UUID` is written into the file when it has none, so that the ingester has
   * the same one at the next start. Default: `true`.
   */
  readonly writeUuid?: boolean | undefined;
  /**
   * Gets each problem of a line, a key or a section, which is left out then, so that all problems of a
   * file can be found in one go. What is returned may lack what it needs: it is for looking at. Default:
   * the first problem is thrown.
   */
  readonly onProblem?: ((problem: ConfigFileError) => void) | undefined;
}

/** A configuration that was read from files. */
export interface LoadedConfig<Declarations extends SectionDeclarations = Record<never, never>>
  extends ConfigFile<Declarations> {
  /** The files that were read, in their order. */
  readonly files: readonly string[];
  /** All settings and defaults, and where each comes from. */
  readonly settings: readonly ConfigSetting[];
  /** Why `Ingester-UUID` could not be written into the file; `undefined`: it was, or did not have to be. */
  readonly uuidProblem: Error | undefined;
}

/**
 * Loads the configuration of an ingester: the file, then the `.conf` files of its overlay folders, as if
 * they were one file, and for keys without a value the environment variables `GRAVWELL_…`, or the files
 * that `GRAVWELL_…_FILE` name.
 *
 * A configuration without an `Ingester-UUID`, or with one of zeros, gets a random one, which is written
 * into the file: the file is replaced as a whole, with its comments and its mode. If that fails,
 * `uuidProblem` says why, and the UUID holds for this run only.
 *
 * @throws {ConfigFileError} if a file or folder cannot be read, is not UTF-8, or as `parseConfigFile`.
 * Its `origin` is the file, or the environment variable
 */
export function loadConfig<const Declarations extends SectionDeclarations = Record<never, never>>(
  path: string,
  options: LoadOptions<Declarations> = {},
): LoadedConfig<Declarations> {
  const { sections, preprocessors = [], environment = process.env, onProblem } = options;
  const tell = onProblem && tellOnce(onProblem);
  const overlays = options.overlays ?? defaultOverlays(path);
  const files = [path, ...overlays.flatMap(filesIn)];
  const texts = new Map(files.map((file) => [file, readText(file)]));
  const file = [...texts].flatMap(([name, text]) => parseIni(text, name, tell));
  const { result: config, parts: whole } = readWithoutProblems(
    [...file, ...environmentSections(file, environment)],
    (parts) => readConfig(parts, sections, preprocessors, tell),
    tell,
  );
  const settings = configSettings(whole, path, config.global, sections);
  if (options.writeUuid === false || globalUuid(config.global) !== undefined) {
    return { ...config, files, settings, uuidProblem: undefined };
  }
  const uuid = randomUUID();
  Object.assign(config.global, { [UUID_KEY.replaceAll('-', '_')]: uuid });
  return { ...config, files, settings, uuidProblem: writeUuid(uuid, path, file, texts) };
}

function defaultOverlays(path: string): string[] {
  const folder = `${path}.d`;
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? [folder] : [];
}

/** The files of an overlay folder, in the order of their names. */
function filesIn(folder: string): string[] {
  return at(folder, 'the folder', () => readdirSync(folder))
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => at(path, 'the file', () => statSync(path).isFile()));
}

function readText(path: string): string {
  const bytes = at(path, 'the file', () => readFileSync(path));
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const lines = bytes.toString('latin1').split('\n');
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, 'latin1'))) + 1;
  throw new ConfigFileError('bytes that are not UTF-8: write the file as text in UTF-8', {
    origin: path,
    position: { line, column: 1 },
  });
}

function at<Value>(origin: string, what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new ConfigFileError(`${what} cannot be read: ${reason}`, { origin });
  }
}
