import { run } from './commands/harness';

describe('the program', () => {
  it.each([[[]], [['start']]])('starts the daemon, whose exit code is its own: %j', async (args) => {
    const ran = await run(args, { environment: { BUCKETS_FILE: '/none.json' } });
    expect(ran).toMatchObject({ code: 78, out: '' });
    expect(ran.err).toContain('/none.json: expected a file that can be read');
  });

  it.each(['-h', '--help', 'help'])('tells its usage on standard output: %s', async (arg) => {
    const ran = await run([arg]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^Usage: kahets /);
    expect(ran.out).toMatch(/\n {2}replay \[options\] <PATH\.\.\.>/);
  });

  it.each(['-v', '--version'])('tells its version: %s', async (arg) => {
    expect(await run([arg])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  it.each([
    [
      ['strat'],
      /^kahets: expected start, check, send, cat, replay, status, top, tail, reload, init, schema, completion, help, --help or --version, got strat \(did you mean start\?\)/,
    ],
    [['start', 'immediately'], /^kahets: expected .*, got immediately\n/],
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
    const ran = await run(args);
    expect(ran).toMatchObject({ code: 64, out: '' });
    expect(ran.err).toMatch(said);
    expect(ran.err).toContain('Usage: kahets');
  });
});
