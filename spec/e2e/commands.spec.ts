import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { endDaemons, launchDaemon, MAIN, temporaryFolder, type Daemon } from '../support/daemon';
import { fileStream, finalLedger, oneBucket, ROOT } from '../support/endToEnd';

const START = path.join(ROOT, 'scripts/start.mjs');

afterEach(endDaemons);

const start = async (): Promise<Daemon> => {
  const daemon = await launchDaemon({
    buckets: oneBucket('b', { copy: fileStream() }),
    command: [process.execPath, START],
  });
  await daemon.waitForLog(({ msg }) => msg === 'listening', 60_000);
  return daemon;
};

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'passes %s on and ends with the exit code of the daemon',
    async (signal) => {
      const daemon = await start();
      const ended = await daemon.stop(signal);
      expect(ended.code).toBe(0);
      finalLedger(ended);
    },
  );

  it('takes the same signal twice in a moment, as npm and a terminal send it, for one', async () => {
    const daemon = await start();
    process.kill(daemon.pid, 'SIGINT');
    await daemon.waitForLog(({ msg }) => msg === 'stopping');
    expect((await daemon.stop('SIGINT')).code).toBe(0);
  });

  it('under npm itself stops in order when npm is told to', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const folder = await temporaryFolder();
    const command = scripts['start']?.replace('scripts/start.mjs', START);
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ scripts: { start: command } }));
    const daemon = await launchDaemon({
      folder,
      buckets: oneBucket('b', { copy: fileStream() }),
      command: ['npm', 'start'],
    });
    await daemon.waitForLog(({ msg }) => msg === 'listening', 60_000);
    const ended = await daemon.stop('SIGTERM');
    expect(ended.code).toBe(0);
    finalLedger(ended);
  });

  it('says how to try it', async () => {
    const daemon = await start();
    expect((await daemon.stop()).output).toContain('php clients/php/send.php');
  });

  it('ends with 78 where the configuration is wrong', async () => {
    const daemon = await launchDaemon({ buckets: {}, command: [process.execPath, START] });
    expect((await daemon.ended).code).toBe(78);
  });
});

describe('the built program', () => {
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

  it('tells its usage', () => {
    expect(run('--help')).toMatch(/^Usage: kahets/);
  });

  it('ends with 64 and its usage on standard error where it is called wrongly', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'strat'], {
      encoding: 'utf8',
    });
    expect(status).toBe(64);
    expect(stderr).toMatch(/^kahets: expected start, .*, got strat \(did you mean start\?\)\n\nUsage: kahets/);
  });

  it('tells its version', () => {
    expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
