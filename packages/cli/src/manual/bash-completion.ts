import { allCommands, type CommandNode, type FlagNode, type ValueKind } from './command-tree.js';

/** A completion script for bash 4 or later. It needs no other package. */
export function bashCompletion(root: CommandNode): string {
  const commands = allCommands(root);
  const inner = commands.filter((one) => one !== root);
  return `# bash completion of ${root.path[0]}: source this file, or put it into a folder of bash-completion.
_${root.path[0]}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=${root.path[0]} i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
    ${inner.map(pathOf).join(' | ')})
      path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${commands.map(commandCase).join('\n')}
  esac
}
complete -o filenames -F _${root.path[0]} ${root.path[0]}
`;
}

const pathOf = ({ path }: CommandNode): string => `'${path.join(' ')}'`;

function valueCases(command: CommandNode): string[] {
  const groups = new Map<string, FlagNode[]>();
  for (const flag of command.flags.filter(({ value }) => value?.startsWith('<'))) {
    const words = wordsOf(flag.values);
    groups.set(words, [...(groups.get(words) ?? []), flag]);
  }
  return [...groups].map(([words, flags]) => {
    const names = flags.flatMap(({ long, short }) => [
      long,
      ...(short === undefined ? [] : [short]),
    ]);
    const patterns = names.map((name) => `'${command.path.join(' ')} ${name}'`);
    return `  ${patterns.join(' | ')})\n    ${complete(words)}\n    return ;;`;
  });
}

function commandCase(command: CommandNode): string {
  const flags = command.flags.map(({ long }) => long).join(' ');
  const names = command.commands.map(({ path }) => path.at(-1)).join(' ');
  const words =
    names === '' ? wordsOf(command.arguments[0]?.values ?? { kind: 'any' }) : `-W '${names}'`;
  return `  ${pathOf(command)})
    case "$cur" in
    -*) ${complete(`-W '${flags}'`)} ;;
    *) ${complete(words)} ;;
    esac ;;`;
}

/** What `compgen` takes for such a value; empty: nothing can be completed. */
function wordsOf(values: ValueKind): string {
  switch (values.kind) {
    case 'files':
      return '-f';
    case 'folders':
      return '-d';
    case 'choices':
      return `-W '${values.choices.join(' ')}'`;
    case 'any':
      return '';
  }
}

function complete(words: string): string {
  return words === '' ? 'COMPREPLY=()' : `mapfile -t COMPREPLY < <(compgen ${words} -- "$cur")`;
}
