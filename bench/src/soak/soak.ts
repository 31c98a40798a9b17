import { randomInt } from 'node:crypto';
import { wholeNumber } from '@ringest/indexer/command-line';
import { Argument, Command } from 'commander';
import { runGate } from './gate.js';
import { LONG_FORMS } from './long-forms.js';
import { runForms } from './run-forms.js';

/** `pnpm soak`: what takes too long for the test command. */
const NAMES = LONG_FORMS.map(({ name }) => name);
const MAX_SEED = 2 ** 31 - 1;

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
process.once('SIGTERM', () => interrupt.abort(new Error('terminated')));

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
  .addHelpText('after', `\nForms:\n${LONG_FORMS.map(helpLine).join('\n')}`)
  .action(async (names: string[], { minutes, seed }: { minutes: number; seed?: number }) => {
    const forms = LONG_FORMS.filter(({ name }) => names.length === 0 || names.includes(name));
    const options = { minutes, seed: seed ?? randomInt(MAX_SEED) };
    finish(await runForms(forms, options, interrupt.signal));
  });

program
  .command('gate')
  .description('Repeat the test command in fresh clones of the last commit, beside busy processes')
  .option('--runs <n>', 'how often', wholeNumber(1, 1000), 5)
  .option('--busy <n>', 'how many processes keep the machine busy', wholeNumber(0, 64), 2)
  .action(async (options: { runs: number; busy: number }) => {
    finish(await runGate(options, interrupt.signal));
  });

await program.parseAsync().catch((error: unknown) => {
  if (error !== interrupt.signal.reason) throw error;
  console.error((error as Error).message);
  process.exitCode = 130;
});

function finish(isGreen: boolean): void {
  process.exitCode = isGreen ? 0 : 1;
}

function helpLine({ name, description }: (typeof LONG_FORMS)[number]): string {
  return `  ${name.padEnd(12)}${description}`;
}
