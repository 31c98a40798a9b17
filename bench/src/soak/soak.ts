import { randomInt } from 'node:crypto';
import { wholeNumber } from '@ringest/indexer/command-line';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { INTERRUPTED } from '../load/interrupt.js';
import { ReportFileError } from '../report/report-file.js';
import { runGate } from './gate.js';
import { runHoursCommand } from './hours/hours-command.js';
import { LONG_FORMS } from './long-forms.js';
import { runForms } from './run-forms.js';

/** What is said to `pnpm soak`, which runs what takes too long for the test command. */
interface Flags {
  minutes: number;
  seed?: number;
  hours?: number;
  rate: number;
  out?: string;
  report?: string;
}

/** A timer's longest time is a little more. */
const MAX_HOURS = 500;
/** Flags that are about `--hours`. */
const HOURS_FLAGS = ['rate', 'out', 'report'];

const NAMES = LONG_FORMS.map(({ name }) => name);
const MAX_SEED = 2 ** 31 - 1;

/** pnpm passes on a signal that the terminal has sent to this process as well: soon after the first one, it is the same. */
const SAME_SIGNAL_MS = 500;
const interrupt = new AbortController();
let interruptedAt = Number.POSITIVE_INFINITY;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // What is left is ended and removed as this process exits.
    if (performance.now() - interruptedAt > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
    if (interrupt.signal.aborted) return;
    interruptedAt = performance.now();
    interrupt.abort(new Error(`ended by ${signal}`));
  });
}

const program = new Command('soak')
  .description('Run every test that takes too long for the test command, and end with a table')
  .addArgument(new Argument('[form...]', 'only these').choices(NAMES))
  .option(
    '--minutes <n>',
    'how long faults and fuzzing go on, together; the others take the time that they need',
    wholeNumber(1, 100_000),
    30,
  )
  .option(
    '--seed <n>',
    'of all random choices (default: another one each time)',
    wholeNumber(0, MAX_SEED),
  )
  .option(
    '--hours <n>',
    'instead of the forms: load through everything for so long, such as 0.05 or 24, with faults from the seed',
    hoursOf,
  )
  .option(
    '--rate <n>',
    'with --hours: entries a second of each ingester',
    wholeNumber(1, 100_000),
    1000,
  )
  .option('--out <folder>', 'with --hours: for its record (default: a new temporary folder)')
  .option('--report <file>', 'with --hours: for its page (default: in that folder)')
  .addHelpText('after', `\nForms:\n${LONG_FORMS.map(helpLine).join('\n')}`)
  .action(async (names: string[], flags: Flags) => {
    const { minutes, seed = randomInt(MAX_SEED), hours, rate, out, report } = flags;
    if (hours !== undefined) {
      refuseForms(names);
      refuseSystem();
      const flags = { hours, seed, rate, out, report };
      process.exitCode = await runHoursCommand(flags, interrupt.signal);
      return;
    }
    refuseHoursFlags();
    const forms = LONG_FORMS.filter(({ name }) => names.length === 0 || names.includes(name));
    finish(await runForms(forms, { minutes, seed }, interrupt.signal));
  });

program
  .command('gate')
  .description('Repeat the test command in fresh clones of the last commit, beside busy processes')
  .option('--runs <n>', 'how often', wholeNumber(1, 1000), 5)
  .option('--busy <n>', 'how many processes keep the machine busy', wholeNumber(0, 64), 2)
  .action(async (options: { runs: number; busy: number }) => {
    finish(await runGate(options, interrupt.signal));
  });

await program.parseAsync().catch((error: Error) => {
  const isInterrupt = error === interrupt.signal.reason;
  if (!isInterrupt && !(error instanceof ReportFileError)) throw error;
  console.error(error.message);
  process.exitCode = isInterrupt ? INTERRUPTED : 1;
});

function hoursOf(text: string): number {
  const hours = Number(text);
  if (text.trim() !== '' && hours > 0 && hours <= MAX_HOURS) return hours;
  throw new InvalidArgumentError(`It must be more than 0 and at most ${MAX_HOURS}.`);
}

function refuseForms(names: readonly string[]): void {
  const isGiven = program.getOptionValueSource('minutes') === 'cli';
  if (names.length > 0 || isGiven) {
    program.error('error: --hours runs no forms: leave out their names and --minutes');
  }
}

function refuseSystem(): void {
  if (process.platform === 'linux') return;
  program.error('error: --hours looks at processes in /proc, which only Linux has');
}

function refuseHoursFlags(): void {
  const flag = HOURS_FLAGS.find((name) => program.getOptionValueSource(name) === 'cli');
  if (flag !== undefined) program.error(`error: --${flag} is about --hours, which is not given`);
}

function finish(isGreen: boolean): void {
  process.exitCode = isGreen ? 0 : 1;
}

function helpLine({ name, description }: (typeof LONG_FORMS)[number]): string {
  return `  ${name.padEnd(12)}${description}`;
}
