import type { Flag, Tree, Value } from './tree';

const quoted = (words: readonly string[]): string => `'${words.join(' ')}'`;

const namesOf = (flags: readonly Flag[]): readonly string[] => flags.flatMap(({ names }) => names);

const reply = (value: Value): string => {
  if (value.kind === 'words') return `_kahets_words ${quoted(value.words)}`;
  return value.kind === 'file' ? '_kahets_files' : 'return';
};

/** What may come behind a flag that takes a value. */
const flagCases = (flags: readonly Flag[]): readonly string[] =>
  flags.flatMap(({ names, value }) => (value ? [`        ${names.join('|')}) ${reply(value)}; return ;;`] : []));

const commandCase = ({ name, flags, args }: Tree): readonly string[] => {
  const cases = flagCases(flags);
  return [
    `    ${name})`,
    ...(cases.length > 0 ? ['      case "$prev" in', ...cases, '      esac'] : []),
    `      if [[ $cur == -* ]]; then _kahets_words ${quoted(namesOf(flags))}; return; fi`,
    `      ${reply(args.at(-1) ?? { kind: 'unknown' })}`,
    '      ;;',
  ];
};

/** For bash 4 and later: `source <(kahets completion bash)`. */
export const bashScript = ({ commands, flags }: Tree): string => {
  const names = commands.map(({ name }) => name);
  return [
    '# Made by: kahets completion bash',
    '_kahets_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }',
    '_kahets_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); }',
    '_kahets() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word',
    '  COMPREPLY=()',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case "$word" in ${names.join('|')}) command=$word; break ;; esac`,
    '  done',
    '  case "$command" in',
    `    '') _kahets_words ${quoted([...names, ...namesOf(flags)])} ;;`,
    `    help) _kahets_words ${quoted(names)} ;;`,
    ...commands.filter(({ name }) => name !== 'help').flatMap(commandCase),
    '  esac',
    '}',
    'complete -F _kahets kahets',
    '',
  ].join('\n');
};
