import { ConfigFileError, type ConfigFilePlace, locate } from './error.js';
import { applyDefaults, GLOBAL_KEYS, type GlobalConfig } from './global.js';
import { fold, type IniSection, parseIni, placeOf } from './ini.js';
import type { TellProblem } from './problems.js';
import {
  readSections,
  type SectionDeclarations,
  type SectionKeys,
  type Sections,
  type SectionValues,
} from './sections.js';
import { checkGlobal } from './settings.js';
import {
  checkPreprocessors,
  SharedSectionReaders,
  type SharedSections,
} from './shared-sections.js';

/** A checked configuration file. */
export interface ConfigFile<Declarations extends SectionDeclarations = Record<never, never>>
  extends SharedSections {
  /** The [Global] section with its defaults, and the keys that the program declared for it. */
  readonly global: GlobalConfig &
    (Declarations extends { readonly Global: { readonly keys: infer Keys extends SectionKeys } }
      ? SectionValues<Keys>
      : unknown);
  /** The sections that were declared, but `Global`. */
  readonly sections: Sections<Declarations>;
}

/**
 * Parses the text of an ingester's configuration file: the sections [Global], [Attach],
 * [TimeFormat "name"] and [Preprocessor "name"], which all ingesters have, and the sections that
 * `declarations` adds. Environment variables are not read: `loadConfig` does that.
 *
 *     const { global, sections } = parseConfigFile(text, {
 *       Listener: { named: true, keys: { 'Tag-Name': 'string', 'Ignore-Timestamps': 'boolean' } },
 *     });
 *     const { targets, secret } = globalSettings(global);
 *     for (const [name, listener] of sections.Listener) console.log(name, listener.Tag_Name);
 *
 * Everything in [Global] is checked, except the rate limit and the file of the secret, which
 * `globalSettings` checks. The secret is in `global.Ingest_Secret`, which is not enumerable.
 *
 * @param preprocessors the types of preprocessors that the program runs
 * @throws {ConfigFileError} for a syntax error, an unknown section or key, a value that cannot be used,
 * a [Global] section without a secret or a target, and a preprocessor that is asked for and not run.
 */
export function parseConfigFile<
  const Declarations extends SectionDeclarations = Record<never, never>,
>(
  text: string,
  declarations?: Declarations,
  preprocessors: readonly string[] = [],
): ConfigFile<Declarations> {
  return readConfig(parseIni(text), declarations, preprocessors);
}

/**
 * Checks the sections of a configuration, and fills in defaults.
 * @param tell gets what is missing in [Global]. Default: it is thrown
 * @throws {ConfigFileError} as {@link parseConfigFile}, but for syntax errors
 */
export function readConfig<const Declarations extends SectionDeclarations>(
  file: readonly IniSection[],
  declarations: Declarations | undefined,
  preprocessors: readonly string[],
  tell?: TellProblem,
): ConfigFile<Declarations> {
  const shared = new SharedSectionReaders();
  const all = {
    ...declarations,
    Global: { keys: { ...declarations?.Global?.keys, ...GLOBAL_KEYS } },
  };
  const { Global, ...sections } = readSections(file, all, { ...shared });
  // `readSections` makes exactly the declared properties, from which the types are derived.
  const global = Global as ConfigFile<Declarations>['global'];
  applyDefaults(global);
  const located = (error: unknown) => locate(error, { ...placeIn(file, error), section: 'Global' });
  try {
    checkGlobal(global, tell && ((problem) => tell(located(problem) as ConfigFileError)));
  } catch (error) {
    throw located(error);
  }
  const finished = shared.finish(file);
  checkPreprocessors(file, all, finished.preprocessors, preprocessors);
  return { global, ...finished, sections: sections as Sections<Declarations> };
}

/** Returns the place of the key of [Global] that an error is about, if the file has it exactly once. */
function placeIn(file: readonly IniSection[], error: unknown): ConfigFilePlace {
  const field = error instanceof ConfigFileError ? error.field : undefined;
  if (field === undefined) return {};
  const given = variablesOf(file, field);
  const [only] = given;
  return only === undefined || given.length > 1 ? {} : placeOf(only.part, only.variable);
}

/** The variables of [Global] that have a name, in order, with the parts of the section that they are in. */
export function variablesOf(file: readonly IniSection[], key: string) {
  return file
    .filter(({ name }) => fold(name) === fold('Global'))
    .flatMap((part) => part.variables.map((variable) => ({ part, variable })))
    .filter(({ variable }) => fold(variable.name) === fold(key));
}
