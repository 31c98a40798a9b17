import {
  ConfigFileError,
  type ConfigSetting,
  type ConfigWarning,
  IngestMuxer,
  type LoadedConfig,
  muxerConfiguration,
} from '@ringest/core';
import { Command } from 'commander';
import { EXIT, type ExitStatus } from '../exit-status.js';
import { print } from '../output.js';
import { configuredInputs, loadShipConfig } from '../ship/configured.js';
import { addEntryFlags, readEntries } from '../ship/flags/entry-flags.js';
import { addListenFlags, readListen } from '../ship/flags/listen-flags.js';
import { addStepFlags, readSteps } from '../ship/flags/step-flags.js';
import { type Remark, reportOf, type Verdict } from './report.js';

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
  return verdict.problems.length === 0 ? EXIT.done : EXIT.usage;
}

/** Keys without which there is no muxer: their problems have been told. */
const NEEDED = /^Ingest-Secret|-Backend-Target$/i;

function verdictOn({ file, overlay }: CheckOptions): Verdict {
  const problems: Remark[] = [];
  let canBeMuxer = true;
  let config: ReturnType<typeof loadShipConfig> | undefined;
  const tell = (error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error instanceof ConfigFileError && NEEDED.test(error.field ?? '')) canBeMuxer = false;
    problems.push(problemOf(error, config?.settings));
  };
  const attempt = <Result>(work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      tell(error);
      return undefined;
    }
  };
  config = attempt(() =>
    loadShipConfig(file, { overlays: overlay, writeUuid: false, onProblem: tell }),
  );
  if (config === undefined) return { file, files: [file], settings: [], warnings: [], problems };
  const { files, settings } = config;
  const warnings = (canBeMuxer && attempt(() => checkMuxer(config))) || [];
  checkInputs(config, tell);
  const told = warnings.map(({ key, reason }) => ({
    text: `[Global] ${key}: ${reason}`,
    ...placeOf(settings, key),
  }));
  return { file, files, settings, warnings: told, problems: problems.sort(byPlace(files)) };
}

function checkMuxer(config: LoadedConfig): readonly ConfigWarning[] {
  const { configuration, warnings } = muxerConfiguration(config);
  // It is not started: it connects to nothing.
  new IngestMuxer(configuration);
  return warnings;
}

/** Checks the listeners and followers of a file as `ship` does without flags. */
function checkInputs(
  config: ReturnType<typeof loadShipConfig>,
  tell: (problem: ConfigFileError) => void,
): void {
  const command = new Command();
  addEntryFlags(command);
  addStepFlags(command);
  addListenFlags(command);
  command.parse([], { from: 'user' });
  const entries = { ...readEntries(command), ...readSteps(command) };
  configuredInputs(config, entries, readListen(command), tell);
}

/** In the order of the files and of their lines; what has no place comes last. */
function byPlace(files: readonly string[]): (one: Remark, other: Remark) => number {
  const orderOf = ({ origin = '', line = Number.MAX_SAFE_INTEGER, column = 0 }: Remark) => {
    const at = files.indexOf(origin);
    return [at === -1 ? files.length : at, line, column] as const;
  };
  return (one, other) => {
    const [orders, others] = [orderOf(one), orderOf(other)];
    const differing = orders.findIndex((order, i) => order !== others[i]);
    return differing === -1 ? 0 : (orders[differing] ?? 0) - (others[differing] ?? 0);
  };
}

function problemOf(error: Error, settings: readonly ConfigSetting[] | undefined): Remark {
  if (!(error instanceof ConfigFileError)) return { text: error.message };
  const { field, problem, origin, position } = error;
  // What a muxer refuses is a key of [Global].
  const section = error.section ?? (position === undefined && field ? 'Global' : undefined);
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
