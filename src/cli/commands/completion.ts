import { Argument } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import type * as Bash from './completion/bash';
import type * as Fish from './completion/fish';
import type * as Trees from './completion/tree';
import type * as Zsh from './completion/zsh';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const HELP = helpText({
  examples: [
    ['source <(kahets completion bash)', 'in ~/.bashrc'],
    ['kahets completion zsh > ~/.zfunc/_kahets', 'in a folder of fpath'],
    ['kahets completion fish > ~/.config/fish/completions/kahets.fish', ''],
  ],
  exitCodes: { [EX.OK]: 'it is printed', [EX.USAGE]: 'wrong usage' },
});

/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it runs */
const scriptOf: Readonly<Record<Shell, (tree: Trees.Tree) => string>> = {
  bash: (tree) => (require('./completion/bash') as typeof Bash).bashScript(tree),
  zsh: (tree) => (require('./completion/zsh') as typeof Zsh).zshScript(tree),
  fish: (tree) => (require('./completion/fish') as typeof Fish).fishScript(tree),
};
/* eslint-enable @typescript-eslint/no-require-imports */

export const addCompletion: AddCommand = (program, { out }, ended) => {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options and files')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action((shell: Shell) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { treeOf } = require('./completion/tree') as typeof Trees;
      out(scriptOf[shell](treeOf(program)));
      ended(EX.OK);
    });
};
