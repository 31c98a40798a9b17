import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { COMMANDS } from './commands/index.js';

/** Makes the program with all its commands. It runs when its command line is parsed. */
export function createProgram(): Command {
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
  return program;
}

function versionOfPackage(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { readonly version: string }).version;
}
