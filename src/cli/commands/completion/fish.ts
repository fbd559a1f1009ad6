import type { Flag, Tree, Value } from './tree';

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

const valueFlags = (value: Value | undefined): string => {
  if (!value) return '';
  return value.kind === 'words'
    ? ` -r -f -a ${quoted(value.words.join(' '))}`
    : value.kind === 'file'
      ? ' -r -F'
      : ' -r -f';
};

const flagLine =
  (condition: string) =>
  ({ names, about, value }: Flag): string => {
    const spelled = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`));
    return `complete -c kahets -n ${condition}${spelled.join('')}${valueFlags(value)} -d ${quoted(about)}`;
  };

const argLines = ({ name, args }: Tree): readonly string[] => {
  const last = args.at(-1);
  const condition = quoted(`__fish_seen_subcommand_from ${name}`);
  if (last?.kind === 'file') return [`complete -c kahets -n ${condition} -F`];
  return last?.kind === 'words' ? [`complete -c kahets -n ${condition} -a ${quoted(last.words.join(' '))}`] : [];
};

/** For fish 3 and later: a file of its folder of completions. */
export const fishScript = ({ commands, flags }: Tree): string => {
  const names = commands.map(({ name }) => name).join(' ');
  const none = quoted(`not __fish_seen_subcommand_from ${names}`);
  return [
    '# Made by: kahets completion fish',
    'complete -c kahets -f',
    ...commands.map(({ name, about }) => `complete -c kahets -n ${none} -a ${name} -d ${quoted(about)}`),
    ...flags.map(flagLine(none)),
    `complete -c kahets -n ${quoted('__fish_seen_subcommand_from help')} -a ${quoted(names)}`,
    ...commands.flatMap((command) => [
      ...command.flags.map(flagLine(quoted(`__fish_seen_subcommand_from ${command.name}`))),
      ...argLines(command),
    ]),
    '',
  ].join('\n');
};
