import { EXIT_MEANINGS } from '../exit-status.js';
import { allCommands, type CommandNode, type FlagNode } from './command-tree.js';

/** A manual page in roff, with the macros of man(7). */
export function manPage(root: CommandNode, version: string): string {
  const [name = ''] = root.path;
  const commands = allCommands(root).filter((one) => one !== root && one.commands.length === 0);
  return `${[
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${plain(lowered(root.description))}`,
    '.SH SYNOPSIS',
    ...commands.flatMap((command, at) => [...(at === 0 ? [] : ['.br']), synopsis(command)]),
    '.SH DESCRIPTION',
    `${plain(root.description)}.`,
    `Each command has a help of its own: ${plain(`${name} help ship`)}.`,
    '.SH COMMANDS',
    ...allCommands(root)
      .filter((one) => one !== root)
      .flatMap(commandPart),
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.flatMap(([status, meaning]) => ['.TP', bold(status), plain(`${meaning}.`)]),
    '.SH ENVIRONMENT',
    '.TP',
    bold('GRAVWELL_INGEST_SECRET'),
    'The ingest secret, if no flag has it.',
    '.TP',
    bold('GRAVWELL_INGEST_SECRET_FILE'),
    'A file with the ingest secret.',
    '.TP',
    bold('RUNTIME_DIRECTORY, XDG_RUNTIME_DIR'),
    'Where the sockets of ringest status are.',
  ].join('\n')}\n`;
}

function synopsis({ path, arguments: own, flags }: CommandNode): string {
  const words = [...(flags.length > 0 ? ['[options]'] : []), ...own.map(({ term }) => term)];
  return `${bold(path.join(' '))} ${plain(words.join(' '))}`.trimEnd();
}

function commandPart(command: CommandNode): string[] {
  const groups = [...new Set(command.flags.map(({ group }) => group))];
  return [
    `.SS ${plain(command.path.join(' '))}`,
    plain(sentence(command.description)),
    ...command.arguments.flatMap(({ term, description }) => [
      '.TP',
      italic(term),
      plain(description),
    ]),
    ...groups.flatMap((group) => [
      ...(group === undefined ? [] : ['.PP', `${plain(group)}:`]),
      ...command.flags.filter((flag) => flag.group === group).flatMap(flagPart),
    ]),
    ...(command.after === ''
      ? []
      : ['.PP', '.nf', ...command.after.split('\n').map(verbatim), '.fi']),
  ];
}

function flagPart({ long, short, value, description }: FlagNode): string[] {
  const names = [...(short === undefined ? [] : [short]), long].map(bold).join(', ');
  return ['.TP', `${names}${value === undefined ? '' : ` ${italic(value)}`}`, plain(description)];
}

const bold = (text: string): string => `\\fB${plain(text)}\\fR`;

const italic = (text: string): string => `\\fI${plain(text)}\\fR`;

/** Text whose characters mean nothing to roff. */
function plain(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return escaped.replace(/^[.']/, '\\&$&');
}

/** A line as it is. An empty one would be a mistake in roff. */
const verbatim = (line: string): string => (line === '' ? '.sp' : plain(line));

const sentence = (text: string): string => (/[.!]$/.test(text) ? text : `${text}.`);

const lowered = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);
