import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { treeOf } from '../../../src/cli/commands/completion/tree';
import { zshScript } from '../../../src/cli/commands/completion/zsh';
import { inFolder } from '../../support/fileSinks';
import { createProgram } from '../../../src/cli/program';
import { run, testHost } from './harness';

const scriptFor = async (shell: string): Promise<string> => {
  const { code, out, err } = await run(['completion', shell]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
};

describe('kahets completion bash', () => {
  let script: string;
  beforeAll(async () => {
    script = await scriptFor('bash');
  });

  /** What bash offers for the last of `words`. */
  const offered = (words: readonly string[], cwd = '/'): readonly string[] => {
    const { stdout, stderr } = spawnSync(
      'bash',
      [
        ...['--norc', '-c'],
        `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kahets; printf '%s\\n' "\${COMPREPLY[@]}"`,
        ...['bash', 'kahets', ...words],
      ],
      { encoding: 'utf8', cwd },
    );
    expect(stderr).toBe('');
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  };

  it.each([
    [['--'], ['--help', '--version']],
    [['c'], ['cat', 'check', 'completion']],
    [
      ['check', '--'],
      ['--connect', '--help', '--json', '--timeout'],
    ],
    [['check', '--connect', '--j'], ['--json']],
    [['check', '--timeout', ''], []],
    [
      ['completion', ''],
      ['bash', 'fish', 'zsh'],
    ],
    [
      ['help', 'st'],
      ['start', 'status'],
    ],
    [['send', ''], []],
    [['send', 'b', 'm', '--soc'], ['--socket']],
    [['nothing', 'ca'], ['cat']],
  ])('completes %j', (words, expected) => {
    expect(offered(words)).toEqual(expected);
  });

  it('completes files, with blanks in their names, too', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file a'), '');
      await mkdir(join(folder, 'folder'));
      expect(offered(['cat', 'f'], folder)).toEqual(['file a', 'folder']);
      expect(offered(['cat', '--follow', 'one', 'fi'], folder)).toEqual(['file a']);
      expect(offered(['send', '--file', 'fo'], folder)).toEqual(['folder']);
      expect(offered(['check', 'fi'], folder)).toEqual(['file a']);
    }));

  it('registers itself', () => {
    const { stdout } = spawnSync('bash', ['--norc', '-c', `${script}\ncomplete -p kahets`], { encoding: 'utf8' });
    expect(stdout).toBe('complete -F _kahets kahets\n');
  });
});

it('takes apostrophes, brackets and colons in what an option does, in zsh', () => {
  const flag = { names: ['--x'], about: "its user's [one]: all", value: undefined };
  const script = zshScript({ ...{ name: 'kahets', about: '', args: [], commands: [] }, flags: [flag] });
  expect(script).toContain(`'*--x[its user'\\''s \\[one\\]\\: all]'`);
});

describe.each(['zsh', 'fish'])('kahets completion %s', (shell) => {
  it('names every command and every option', async () => {
    const script = await scriptFor(shell);
    const { commands } = treeOf(createProgram(testHost(), () => undefined));
    expect(commands.length).toBeGreaterThan(5);
    for (const { name, flags } of commands) {
      expect(script).toContain(name);
      for (const flag of flags.flatMap(({ names }) => names))
        expect(script).toMatch(
          shell === 'zsh' ? `'*${flag}[` : flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
        );
    }
  });
});
