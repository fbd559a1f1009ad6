import type { Flag, Tree, Value } from './tree';

/** Inside of single quotes, where brackets and colons mean something to _arguments. */
const escaped = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&').replaceAll("'", `'\\''`);

const action = (value: Value): string => {
  if (value.kind === 'words') return `(${value.words.join(' ')})`;
  return value.kind === 'file' ? '_files' : ' ';
};

const flagSpecs = ({ names, about, value }: Flag): readonly string[] =>
  names.map((name) => `'*${name}[${escaped(about)}]${value ? `:value:${action(value)}` : ''}'`);

const commandCase = ({ name, flags, args }: Tree): readonly string[] => [
  `    ${name})`,
  `      _arguments ${[...flags.flatMap(flagSpecs), ...args.slice(-1).map((value) => `'*:value:${action(value)}'`)].join(' ')}`,
  '      ;;',
];

/** For zsh 5 and later: `_kahets` in a folder of fpath. */
export const zshScript = ({ commands, flags }: Tree): string =>
  [
    '#compdef kahets',
    '# Made by: kahets completion zsh',
    'local -a commands=(',
    ...commands.map(({ name, about }) => `  '${name}:${escaped(about)}'`),
    ')',
    'local curcontext=$curcontext state line',
    `_arguments -C ${flags.flatMap(flagSpecs).join(' ')} '1:command:->command' '*::value:->rest'`,
    'case $state in',
    '  command) _describe command commands ;;',
    '  rest)',
    '    case $line[1] in',
    '    help) _describe command commands ;;',
    ...commands.filter(({ name }) => name !== 'help').flatMap(commandCase),
    '    esac',
    '    ;;',
    'esac',
    '',
  ].join('\n');
