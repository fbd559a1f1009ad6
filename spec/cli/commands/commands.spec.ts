import { commands } from '../../../src/cli/commands';
import { run } from './harness';

const NAMES = [
  'start',
  'check',
  'send',
  'cat',
  'replay',
  'status',
  'top',
  'tail',
  'reload',
  'init',
  'schema',
  'completion',
];

describe('commands', () => {
  it('are all in the help', async () => {
    expect(commands).toHaveLength(NAMES.length);
    const { out } = await run(['--help']);
    for (const name of NAMES) expect(out).toMatch(new RegExp(`\\n  ${name} `));
  });

  it.each(NAMES)('%s shows examples of itself and its exit codes', async (name) => {
    const { code, out, err } = await run([name, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`\\nExamples:\\n  [^\\n]*kahets ${name}`));
    expect(out).toMatch(/\nExit codes:\n {2}0 .*\n(?: {2}1 .*\n)? {2}64 /);
  });

  it.each([
    [['send'], "missing required argument 'BUCKET'"],
    [['send', 'b', 'm', '--rate', '0'], "'0' is invalid. Expected a number from 0.001"],
    [['send', 'b', 'm', '--count', '1.5'], "'1.5' is invalid. Expected a whole number 1 or more"],
    [['send', 'b', 'm', '--header', 'name'], 'Expected a name and a value: NAME=VALUE'],
    [['replay', 'a'], "required option '--to <STREAM>' not specified"],
    [['cat'], "missing required argument 'FILE'"],
    [['cat', 'f', '--grep', '('], 'Expected a regular expression'],
    [['cat', 'f', '--since', 'yesterday'], 'Expected a time such as'],
    [['cat', 'f', '--limit', '-1'], 'Expected a whole number 1 or more'],
    [['check', '--timeout', '0'], 'Expected a time such as 30s'],
    [['check', '--foo'], "unknown option '--foo'"],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
  ])('end with 64 and say what is wrong: %j', async (args, said) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(said);
  });
});
