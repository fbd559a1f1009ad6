import type { Argument, Command, Option } from 'commander';

/** What may stand at a place: nothing that is known, a file, or one of some words. */
export type Value =
  { readonly kind: 'unknown' | 'file' } | { readonly kind: 'words'; readonly words: readonly string[] };

export interface Flag {
  /** `--json`, `-f`: the long one first. */
  readonly names: readonly string[];
  readonly about: string;
  /** What comes behind it; undefined: nothing. */
  readonly value: Value | undefined;
}

/** A command, with all that may be written behind its name. */
export interface Tree {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly Flag[];
  /** Of its arguments the last counts for all that come behind it. */
  readonly args: readonly Value[];
  readonly commands: readonly Tree[];
}

/** Help calls what is a file so. */
const FILES = /^(?:FILE|PATH|DIR)$/;

const valueOf = (name: string, choices: readonly string[] | undefined): Value => {
  if (choices) return { kind: 'words', words: choices };
  return { kind: FILES.test(name) ? 'file' : 'unknown' };
};

const flagOf = ({ long, short, flags, description, argChoices, required, optional }: Option): Flag => {
  const [, name = ''] = /[<[]([A-Z]+)/.exec(flags) ?? [];
  return {
    names: [long, short].filter((one) => typeof one === 'string'),
    about: description,
    value: required || optional ? valueOf(name, argChoices) : undefined,
  };
};

const argOf = (argument: Argument): Value => valueOf(argument.name(), argument.argChoices);

/** What there is to complete of a program, as its help shows it. */
export const treeOf = (command: Command): Tree => {
  const help = command.createHelp();
  return {
    name: command.name(),
    about: command.description(),
    flags: help.visibleOptions(command).map(flagOf),
    args: command.registeredArguments.map(argOf),
    commands: help.visibleCommands(command).map(treeOf),
  };
};
