import { allCommands, type CommandNode, type FlagNode, type ValueKind } from './command-tree.js';

/** A completion script for zsh: a file `_ringest` in a folder of `$fpath`. */
export function zshCompletion(root: CommandNode): string {
  const functions = allCommands(root).map(functionOf);
  return `#compdef ${root.path[0]}

${functions.join('\n')}
# The file is read as a function, or by \`source\`.
if [ "\${funcstack[1]}" = _${root.path[0]} ]; then
  _${root.path[0]} "$@"
else
  compdef _${root.path[0]} ${root.path[0]}
fi
`;
}

const nameOf = ({ path }: CommandNode): string => `_${path.join('_')}`;

function functionOf(command: CommandNode): string {
  const specs = command.flags.map(flagSpec);
  if (command.commands.length === 0) {
    specs.push(
      ...command.arguments.map(({ term, values }) => {
        const place = term.includes('...') ? '*' : '';
        return quoted(`${place}:${escaped(term)}:${action(values)}`);
      }),
    );
    return `${nameOf(command)}() {\n  _arguments ${specs.join(' \\\n    ')}\n}\n`;
  }
  const names = command.commands.map(
    ({ path, summary }) => `    ${quoted(`${path.at(-1)}:${summary.replaceAll(':', '\\:')}`)}`,
  );
  const cases = command.commands.map((one) => `    ${one.path.at(-1)}) ${nameOf(one)} ;;`);
  return `${nameOf(command)}() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands=(
${names.join('\n')}
  )
  _arguments -C ${specs.join(' \\\n    ')} \\
    '1: :->command' '*:: :->arguments' && return
  case $state in
  command) _describe command commands ;;
  arguments)
    case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
`;
}

function flagSpec({ long, value, values, description }: FlagNode): string {
  const of = value?.startsWith('<') ? `:${escaped(value)}:${action(values)}` : '';
  return quoted(`*${long}[${escaped(description)}]${of}`);
}

function action(values: ValueKind): string {
  switch (values.kind) {
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'choices':
      return `(${values.choices.join(' ')})`;
    case 'any':
      return ' ';
  }
}

const escaped = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
