import {
  ConfigFileError,
  type ConfigSetting,
  type ConfigWarning,
  IngestMuxer,
  type LoadedConfig,
  muxerConfiguration,
} from '@ringest/core';
import { checkRelayListeners, checkRelayMuxer, loadRelayConfig } from '@ringest/relay';
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

/** Checks the configuration file of a `ship` or of a `relay`, and says what it sets, and what sets it. It changes nothing. */
export async function check(options: CheckOptions): Promise<ExitStatus> {
  const verdict = verdictOn(options);
  const text = options.json ? `${JSON.stringify(verdict)}\n` : reportOf(verdict, options.all);
  await print(text);
  return verdict.problems.length === 0 ? EXIT.done : EXIT.usage;
}

/** Keys without which there is no muxer: their problems have been told. */
const NEEDED = /^Ingest-Secret|-Backend-Target$/i;

type Tell = (problem: unknown) => void;

/** A file that was read, and what else there is to check about it, which returns warnings. */
interface Subject {
  readonly config: LoadedConfig;
  checkRest(tell: Tell, canBeMuxer: () => boolean): readonly ConfigWarning[];
}

function verdictOn(options: CheckOptions): Verdict {
  const { file } = options;
  const problems: Remark[] = [];
  let canBeMuxer = true;
  let settings: readonly ConfigSetting[] | undefined;
  const tell = (error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error instanceof ConfigFileError && NEEDED.test(error.field ?? '') && isGlobal(error)) {
      canBeMuxer = false;
    }
    problems.push(problemOf(error, settings));
  };
  const subject = attempt(() => relayOf(options, tell) ?? shipOf(options, tell), tell);
  if (subject === undefined) return { file, files: [file], settings: [], warnings: [], problems };
  const { files, settings: all } = subject.config;
  settings = all;
  const warnings = subject
    .checkRest(tell, () => canBeMuxer)
    .map(({ key, reason }) => ({
      text: `[Global] ${key}: ${reason}`,
      ...placeOf(all, key),
    }));
  return { file, files, settings: all, warnings, problems: problems.sort(byPlace(files)) };
}

/** The file of a relay; `undefined`: it has no listener of one. */
function relayOf({ file, overlay }: CheckOptions, tell: Tell): Subject | undefined {
  const found: ConfigFileError[] = [];
  const options = { overlays: overlay, writeUuid: false };
  const onProblem = (problem: ConfigFileError) => void found.push(problem);
  const config = loadRelayConfig(file, { ...options, onProblem });
  if (config.sections.IngestListener.size === 0) return undefined;
  found.forEach(tell);
  return {
    config,
    checkRest(tell, canBeMuxer) {
      const listeners = checkRelayListeners(config, tell);
      return (canBeMuxer() && attempt(() => checkRelayMuxer(config, listeners), tell)) || [];
    },
  };
}

function shipOf({ file, overlay }: CheckOptions, tell: Tell): Subject {
  const config = loadShipConfig(file, { overlays: overlay, writeUuid: false, onProblem: tell });
  return {
    config,
    checkRest(tell, canBeMuxer) {
      const warnings = canBeMuxer() && attempt(() => checkMuxer(config), tell);
      checkInputs(config, tell);
      return warnings || [];
    },
  };
}

function attempt<Result>(work: () => Result, tell: Tell): Result | undefined {
  try {
    return work();
  } catch (error) {
    tell(error);
    return undefined;
  }
}

/** What is wrong in the section of a listener is no problem of the muxer. */
function isGlobal({ section = 'Global' }: ConfigFileError): boolean {
  return /^Global$/i.test(section);
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
