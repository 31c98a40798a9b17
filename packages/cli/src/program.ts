import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.js';
import { exitStatusOfError } from './errors.js';
import { EXIT } from './exit-status.js';

const program = new Command('ringest')
  .description('Ships data to Gravwell indexers, and shows what became of it')
  .version(versionOfPackage(), '--version', 'print the version')
  .helpOption('--help', 'show this')
  .helpCommand('help [command]', 'show what a command takes')
  .showSuggestionAfterError()
  .showHelpAfterError('(--help lists what there is)')
  .allowExcessArguments(false)
  // Commands inherit it.
  .exitOverride();
for (const add of COMMANDS) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

/** Says what is wrong, unless commander has, and returns the status. */
function statusOf(error: unknown): number {
  // Help that was asked for, and the version, are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const status = exitStatusOfError(error);
  if (status === undefined) throw error;
  process.stderr.write(`ringest: ${(error as Error).message}\n`);
  return status;
}

function versionOfPackage(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { readonly version: string }).version;
}
