import {
  ConfigFileError,
  type ConfigSetting,
  IngestMuxer,
  type LoadedConfig,
  loadConfig,
  muxerConfiguration,
} from '@ringest/core';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { reportOf, type Verdict } from './report.js';

/** What `ringest check` is to do; see its flags. */
export interface CheckOptions {
  readonly file: string;
  /** The overlay folders; `undefined`: the one beside the file. */
  readonly overlay: readonly string[] | undefined;
  readonly all: boolean;
  readonly json: boolean;
}

/** Checks a configuration file, and says what it sets, and what sets it. It changes nothing. */
export function check(options: CheckOptions): ExitStatus {
  const verdict = verdictOn(options);
  const text = options.json ? `${JSON.stringify(verdict)}\n` : reportOf(verdict, options.all);
  process.stdout.write(text);
  return verdict.problem === undefined ? EXIT.done : EXIT.usage;
}

function verdictOn({ file, overlay }: CheckOptions): Verdict {
  let loaded: LoadedConfig | undefined;
  try {
    loaded = loadConfig(file, { overlays: overlay, writeUuid: false });
    const { configuration, warnings } = muxerConfiguration(loaded);
    // It is not started: it connects to nothing.
    new IngestMuxer(configuration);
    const told = warnings.map(({ key, reason }) => ({
      text: `[Global] ${key}: ${reason}`,
      ...placeOf(loaded?.settings, key),
    }));
    return { file, files: loaded.files, settings: loaded.settings, warnings: told };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const problem = problemOf(error, loaded?.settings);
    const { files = [file], settings = [] } = loaded ?? {};
    return { file, files, settings, warnings: [], problem };
  }
}

function problemOf(error: Error, settings: readonly ConfigSetting[] | undefined) {
  if (!(error instanceof ConfigFileError)) return { text: error.message };
  const { section, field, problem, origin, position } = error;
  const name = field === undefined || field === section ? '' : ` ${field}`;
  const where = section === undefined ? name.trim() : `[${section}]${name}`;
  const place = { origin, ...position };
  const known = position === undefined && field !== undefined ? placeOf(settings, field) : place;
  return { text: where === '' ? problem : `${where}: ${problem}`, ...known };
}

/** Where the value of a key of [Global] that counts is written. */
function placeOf(settings: readonly ConfigSetting[] | undefined, key: string) {
  const setting = settings?.findLast(
    (one) => one.section === 'Global' && one.key === key && one.source !== 'default',
  );
  return setting === undefined ? {} : { origin: setting.origin, ...setting.position };
}
