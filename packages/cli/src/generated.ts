import type { Command } from 'commander';
import { createProgram } from './create-program.js';
import { bashCompletion } from './manual/bash-completion.js';
import { afterHelp, describeCommand } from './manual/command-tree.js';
import { fishCompletion } from './manual/fish-completion.js';
import { manPage } from './manual/man-page.js';
import { zshCompletion } from './manual/zsh-completion.js';

/** The width of a help that is not on a terminal, in characters. */
const HELP_WIDTH = 80;

/** The files of this package that are made from its commands, by their paths in it. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const program = createProgram();
  const tree = describeCommand(program);
  return new Map([
    ['man/ringest.1', manPage(tree, program.version() ?? '')],
    ['completions/ringest.bash', bashCompletion(tree)],
    ['completions/_ringest', zshCompletion(tree)],
    ['completions/ringest.fish', fishCompletion(tree)],
  ]);
}

/** What a command prints for `--help`, without colours. */
export function commandHelp(...words: readonly string[]): string {
  let command: Command | undefined = createProgram();
  for (const word of words) command = command?.commands.find((one) => one.name() === word);
  if (command === undefined) throw new Error(`there is no command ${words.join(' ')}`);
  command.configureOutput({ getOutHelpWidth: () => HELP_WIDTH, getOutHasColors: () => false });
  return `${command.helpInformation()}\n${afterHelp(command)}`.trimEnd();
}
