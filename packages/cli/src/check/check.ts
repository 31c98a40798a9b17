import {
  ConfigFileError,
  type ConfigSetting,
  IngestMuxer,
  type LoadedConfig,
  muxerConfiguration,
} from '@ringest/core';
import { Command } from 'commander';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { print } from '../output.js';
import { configuredInputs, loadShipConfig } from '../ship/configured.js';
import { EntryTimes } from '../ship/entries/entry-times.js';
import { addEntryFlags, readEntries } from '../ship/flags/entry-flags.js';
import { addListenFlags, readListen } from '../ship/flags/listen-flags.js';
import { addStepFlags, readSteps } from '../ship/flags/step-flags.js';
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
export async function check(options: CheckOptions): Promise<ExitStatus> {
  const verdict = verdictOn(options);
  const text = options.json ? `${JSON.stringify(verdict)}\n` : reportOf(verdict, options.all);
  await print(text);
  return verdict.problem === undefined ? EXIT.done : EXIT.usage;
}

function verdictOn({ file, overlay }: CheckOptions): Verdict {
  let loaded: Pick<LoadedConfig, 'files' | 'settings'> | undefined;
  try {
    const config = loadShipConfig(file, { overlays: overlay, writeUuid: false });
    loaded = config;
    const { configuration, warnings } = muxerConfiguration(config);
    // It is not started: it connects to nothing.
    new IngestMuxer(configuration);
    checkInputs(config);
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

/** Checks the listeners and followers of a file as `ship` does without flags. */
function checkInputs(config: ReturnType<typeof loadShipConfig>): void {
  const command = new Command();
  addEntryFlags(command);
  addStepFlags(command);
  addListenFlags(command);
  command.parse([], { from: 'user' });
  const entries = { ...readEntries(command), ...readSteps(command) };
  const { followed, listened } = configuredInputs(config, entries, readListen(command));
  for (const { times } of [...followed.values(), ...listened.map((one) => one.entries)]) {
    if (times !== undefined) new EntryTimes(times);
  }
}

function problemOf(error: Error, settings: readonly ConfigSetting[] | undefined) {
  if (!(error instanceof ConfigFileError)) return { text: error.message };
  const { section, field, problem, origin, position } = error;
  const name = field === undefined || field === section ? '' : ` ${field}`;
  const where = section === undefined ? name.trim() : `[${section}]${name}`;
  const place = { origin, ...position };
  const isVague = position === undefined && field !== undefined;
  const known = isVague ? placeOf(settings, field, section) : place;
  return { text: where === '' ? problem : `${where}: ${problem}`, ...known };
}

/** Where the value of a key that counts is written. */
function placeOf(settings: readonly ConfigSetting[] | undefined, key: string, section = 'Global') {
  const setting = settings?.findLast(
    (one) => one.section === section && one.key === key && one.source !== 'default',
  );
  return setting === undefined ? {} : { origin: setting.origin, ...setting.position };
}
