import { allCommands, type CommandNode, type FlagNode, type ValueKind } from './command-tree.js';

/** A completion script for fish. */
export function fishCompletion(root: CommandNode): string {
  const [name = ''] = root.path;
  const lines = allCommands(root).flatMap((command) => {
    const condition = conditionOf(root, command);
    const inner = command.commands.map(
      ({ path, summary }) => `-a ${path.at(-1)} -d ${quoted(summary)}`,
    );
    return [
      ...inner.map((rest) => `-n ${quoted(condition)} ${rest}`),
      ...command.flags.map((flag) => `-n ${quoted(condition)} ${flagOf(flag)}`),
      ...command.arguments.flatMap(({ values }) => {
        const rest = argumentOf(values);
        return rest === '' ? [] : [`-n ${quoted(condition)} ${rest}`];
      }),
    ].map((rest) => `complete -c ${name} ${rest}`);
  });
  return `# fish completion of ${name}: put it into a folder of $fish_complete_path.
complete -c ${name} -f
${lines.join('\n')}
`;
}

/** When the words so far call this command, and none that is in it. */
function conditionOf(root: CommandNode, command: CommandNode): string {
  const inner = command.commands.map(({ path }) => path.at(-1)).join(' ');
  const seen = command.path
    .slice(root.path.length)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const none = inner === '' ? [] : [`not __fish_seen_subcommand_from ${inner}`];
  return [...seen, ...none].join('; and ');
}

function flagOf({ long, value, values, description }: FlagNode): string {
  const takes = value?.startsWith('<') ? ` ${flagValue(values)}` : '';
  return `-l ${long.slice(2)}${takes} -d ${quoted(description)}`;
}

function flagValue(values: ValueKind): string {
  switch (values.kind) {
    case 'files':
      return '-r -F';
    case 'folders':
      return "-x -a '(__fish_complete_directories)'";
    case 'choices':
      return `-x -a ${quoted(values.choices.join(' '))}`;
    case 'any':
      return '-x';
  }
}

function argumentOf(values: ValueKind): string {
  switch (values.kind) {
    case 'files':
      return '-F';
    case 'folders':
      return "-a '(__fish_complete_directories)'";
    case 'choices':
      return `-a ${quoted(values.choices.join(' '))}`;
    case 'any':
      return '';
  }
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
