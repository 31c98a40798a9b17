import { Argument, type Command } from 'commander';
import { print } from '../output.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const COMPLETION_EXAMPLES = `
Examples:
  source <(ringest completion bash)
  ringest completion bash > /etc/bash_completion.d/ringest
  ringest completion zsh > ~/.zfunc/_ringest
  ringest completion fish > ~/.config/fish/completions/ringest.fish`;

const MANUAL_EXAMPLES = `
Examples:
  ringest manual | man -l -
  ringest manual > /usr/local/share/man/man1/ringest.1`;

/** Adds `ringest completion`. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('Print a script with which a shell completes the words of ringest.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', COMPLETION_EXAMPLES)
    .action(async (shell: (typeof SHELLS)[number]) => {
      const { describeCommand } = await import('../manual/command-tree.js');
      await print((await scriptFor(shell))(describeCommand(program)));
    });
}

/** Adds `ringest manual`. */
export function addManualCommand(program: Command): void {
  program
    .command('manual')
    .description('Print the manual page, in the form that man reads.')
    .addHelpText('after', MANUAL_EXAMPLES)
    .action(async () => {
      const { describeCommand } = await import('../manual/command-tree.js');
      const { manPage } = await import('../manual/man-page.js');
      await print(manPage(describeCommand(program), program.version() ?? ''));
    });
}

async function scriptFor(shell: (typeof SHELLS)[number]) {
  switch (shell) {
    case 'bash':
      return (await import('../manual/bash-completion.js')).bashCompletion;
    case 'zsh':
      return (await import('../manual/zsh-completion.js')).zshCompletion;
    case 'fish':
      return (await import('../manual/fish-completion.js')).fishCompletion;
  }
}
