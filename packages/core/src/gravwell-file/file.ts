import { ConfigFileError, locate, type Position } from './error.js';
import { applyDefaults, GLOBAL_KEYS, type GlobalConfig } from './global.js';
import { type IniSection, parseIni } from './ini.js';
import {
  fold,
  readSections,
  type SectionDeclarations,
  type SectionKeys,
  type Sections,
  type SectionValues,
} from './sections.js';
import { checkGlobal } from './settings.js';

/** A checked configuration file. */
export interface ConfigFile<Declarations extends SectionDeclarations> {
  /** The [Global] section with its defaults, and the keys that the program declared for it. */
  readonly global: GlobalConfig &
    (Declarations extends { readonly Global: { readonly keys: infer Keys extends SectionKeys } }
      ? SectionValues<Keys>
      : unknown);
  /** The other sections that were declared. */
  readonly sections: Sections<Declarations>;
}

/**
 * Parses the text of an ingester's configuration file: the section [Global], which all ingesters have,
 * and the sections that `declarations` adds. Environment variables are not read.
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
 * @throws {ConfigFileError} for a syntax error, an unknown section or key, a value that cannot be used,
 * and a [Global] section without a secret or a target.
 */
export function parseConfigFile<
  const Declarations extends SectionDeclarations = Record<never, never>,
>(text: string, declarations?: Declarations): ConfigFile<Declarations> {
  const file = parseIni(text);
  const { Global, ...sections } = readSections(file, {
    ...declarations,
    Global: { keys: { ...declarations?.Global?.keys, ...GLOBAL_KEYS } },
  });
  // `readSections` makes exactly the declared properties, from which the types are derived.
  const global = Global as ConfigFile<Declarations>['global'];
  applyDefaults(global);
  try {
    checkGlobal(global);
  } catch (error) {
    throw locate(error, { section: 'Global', position: positionIn(file, error) });
  }
  return { global, sections: sections as Sections<Declarations> };
}

/** Returns the position of the key of [Global] that an error is about, if the file has it exactly once. */
function positionIn(file: readonly IniSection[], error: unknown): Position | undefined {
  const field = error instanceof ConfigFileError ? error.field : undefined;
  if (field === undefined) return undefined;
  const given = file
    .filter(({ name }) => fold(name) === fold('Global'))
    .flatMap(({ variables }) => variables)
    .filter(({ name }) => fold(name) === fold(field));
  return given.length === 1 ? given[0]?.position : undefined;
}
