import { runProgram, type ReplayRequest } from '../../src/cli/program';
import { testHost } from './commands/harness';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly started: number;
  readonly requests: readonly ReplayRequest[];
}

const run = async (...args: readonly string[]): Promise<Ran> => {
  let [out, err, started] = ['', '', 0];
  const requests: ReplayRequest[] = [];
  const code = await runProgram(args, {
    version: '1.2.3',
    host: testHost({ out: (text) => (out += text), err: (text) => (err += text) }),
    start: () => {
      started += 1;
      return Promise.resolve(7);
    },
    replay: (request) => {
      requests.push(request);
      return Promise.resolve(69);
    },
  });
  return { code, out, err, started, requests };
};

const NOTHING = { started: 0, requests: [] };

describe('the program', () => {
  it.each([[[]], [['start']]])('starts the daemon, whose exit code is its own: %j', async (args) => {
    expect(await run(...args)).toEqual({ code: 7, out: '', err: '', started: 1, requests: [] });
  });

  it.each(['-h', '--help', 'help'])('tells its usage on standard output: %s', async (arg) => {
    const ran = await run(arg);
    expect(ran).toMatchObject({ ...NOTHING, code: 0, err: '' });
    expect(ran.out).toMatch(/^Usage: kahets /);
    expect(ran.out).toMatch(/\n {2}replay \[options\] <PATH\.\.\.>/);
  });

  it.each(['-v', '--version'])('tells its version: %s', async (arg) => {
    expect(await run(arg)).toMatchObject({ ...NOTHING, code: 0, out: '1.2.3\n' });
  });

  it.each([
    [
      ['strat'],
      /^kahets: expected start, replay, check, send, cat, init, completion, help, --help or --version, got strat \(did you mean start\?\)/,
    ],
    [['start', 'now'], /^kahets: expected .*, got now\n/],
    [['--foo'], /unknown option '--foo'/],
    [['start', '--foo'], /unknown option '--foo'/],
    [['replay', 'a'], /required option '--to <STREAM>' not specified/],
    [['replay', '--to', 'k'], /missing required argument 'PATH'/],
    [['replay', 'a', '--to'], /'--to <STREAM>' argument missing/],
    [['replay', 'a', '--to', 'k', '--rate', '0'], /argument '0' is invalid. Expected a share of the time above 0/],
    [['replay', 'a', '--to', 'k', '--rate', '1.5'], /argument '1.5' is invalid/],
    [['replay', 'a', '--to', 'k', '--rate', 'fast'], /argument 'fast' is invalid/],
    [['replay', 'a', '--to', 'k', '--rate', ''], /argument '' is invalid/],
  ])('ends with 64 and says what is wrong, with the usage: %j', async (args, said) => {
    const ran = await run(...args);
    expect(ran).toMatchObject({ ...NOTHING, code: 64, out: '' });
    expect(ran.err).toMatch(said);
    expect(ran.err).toContain('Usage: kahets');
  });

  it('passes on what replay is told', async () => {
    expect(await run('replay', 'a', 'b', '--to', 'k')).toMatchObject({
      code: 69,
      requests: [{ paths: ['a', 'b'], to: 'k', rate: 1, dryRun: false, keep: false, json: false }],
    });
    const all = await run('replay', '--to', 'k', '--rate', '0.25', '--dry-run', '--keep', '--json', 'a');
    expect(all.requests).toEqual([{ paths: ['a'], to: 'k', rate: 0.25, dryRun: true, keep: true, json: true }]);
  });
});
