import { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';

/** What a word on a command line may be. */
export type ValueKind =
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  /** Nothing is known of it. */
  | { readonly kind: 'any' };

/** A flag. */
export interface FlagNode {
  /** With its dashes, such as `--tag`. */
  readonly long: string;
  /** With its dash; `undefined`: there is none. */
  readonly short: string | undefined;
  /** As it is written in the help, such as `<name>`; `undefined`: it takes no value. */
  readonly value: string | undefined;
  readonly values: ValueKind;
  /** With its choices and its default. */
  readonly description: string;
  /** The heading above it in the help; `undefined`: the first. */
  readonly group: string | undefined;
}

/** An argument that is no flag. */
export interface ArgumentNode {
  /** As it is written in the help, such as `[files...]`. */
  readonly term: string;
  readonly description: string;
  readonly values: ValueKind;
}

/** A command, as its help, its completions and its manual page have it. */
export interface CommandNode {
  /** The words that call it: `['ringest', 'cache', 'dump']`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ArgumentNode[];
  readonly flags: readonly FlagNode[];
  readonly commands: readonly CommandNode[];
  /** What the help ends with. */
  readonly after: string;
}

/** Describes a command and those in it. */
export function describeCommand(command: Command, above: readonly string[] = []): CommandNode {
  const path = [...above, command.name()];
  const help = command.createHelp();
  return {
    path,
    summary: command.summary() || command.description(),
    description: command.description(),
    arguments: command.registeredArguments.map((one) => ({
      term: termOf(one),
      description: help.argumentDescription(one),
      values: valuesOf(one.name(), one.argChoices),
    })),
    flags: help.visibleOptions(command).map((option) => ({
      long: option.long ?? option.flags,
      short: option.short,
      value: /[<[].*[>\]]/.exec(option.flags)?.[0],
      values: valuesOf(option.flags, option.argChoices),
      description: help.optionDescription(option),
      group: groupOf(option),
    })),
    commands: help
      .visibleCommands(command)
      // Every command with others in it has it. That of the program says all.
      .filter((one) => one.name() !== 'help' || above.length === 0)
      .map((one) => describeCommand(one, path)),
    after: afterHelp(command),
  };
}

/** A command and all that are in it, those above first. */
export function allCommands(command: CommandNode): CommandNode[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function termOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function groupOf({ helpGroupHeading }: Option): string | undefined {
  return helpGroupHeading?.replace(/:$/, '');
}

function valuesOf(text: string, choices: readonly string[] | undefined): ValueKind {
  if (choices !== undefined) return { kind: 'choices', choices };
  if (/folder/.test(text)) return { kind: 'folders' };
  return /file|path|socket|from/.test(text) ? { kind: 'files' } : { kind: 'any' };
}

/** What a help ends with, which `addHelpText` has added: commander asks for it by an event. */
function afterHelp(command: Command): string {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const emitter: unknown = command;
  if (emitter instanceof EventEmitter) emitter.emit('afterHelp', { error: false, command, write });
  return text.trim();
}
