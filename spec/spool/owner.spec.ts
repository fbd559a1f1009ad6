import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asapScheduler, firstValueFrom, type Observable, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { createSpoolOwner, type SpoolOwner } from '../../src/spool/owner';
import { thisProcess, type ProcessIdentity } from '../../src/spool/processes';
import { memoryLog } from '../../src/testing/builders';

let parent: string;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'kahets-'));
  folder = join(parent, 'spool');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  rmSync(parent, { recursive: true, force: true });
});

const ownerFile = (): string => join(folder, 'owner');
const leave = (identity: unknown): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(ownerFile(), typeof identity === 'string' ? identity : JSON.stringify(identity));
};
const holder = (): ProcessIdentity => JSON.parse(readFileSync(ownerFile(), 'utf8')) as ProcessIdentity;

/** Waits cost no time, but a turn of the loop; `onWait` sees each. */
const hurried = (onWait: (delayMs: number) => void = () => undefined): SchedulerLike => ({
  now: () => Date.now(),
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delayMs = 0, state?: T) => {
    onWait(delayMs);
    return asapScheduler.schedule(work, 0, state);
  },
});

const anOwner = (scheduler = hurried()) => {
  const log = memoryLog();
  return { log, ...createSpoolOwner(folder, { log, now: Date.now, scheduler }) };
};

const owned = ({ owned$ }: Pick<SpoolOwner, 'owned$'>): Promise<true> =>
  firstValueFrom(owned$ as Observable<unknown>).then(() => true);

/** A process that runs, and as whom it is named. */
const aProcess = async (): Promise<{ readonly child: ChildProcess; readonly identity: ProcessIdentity }> => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  const own = await thisProcess();
  const stat = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return { child, identity: { pid: child.pid ?? 0, started: `${own?.started.split(':')[0] ?? ''}:${ticks}` } };
};

describe('createSpoolOwner', () => {
  it('takes at once what nobody holds', async () => {
    mkdirSync(folder);
    const owner = anOwner();
    await owned(owner);
    expect(holder()).toEqual(await thisProcess());
    expect(readdirSync(folder)).toEqual(['owner']);
    expect(owner.log.lines).toEqual([]);
  });

  it('gives it to all that ask, at once and later', async () => {
    mkdirSync(folder);
    // Where both looked, one would find the other's lock, and wait.
    const wait = jest.fn();
    const owner = anOwner(hurried(wait));
    expect(await Promise.all([owned(owner), owned(owner)])).toEqual([true, true]);
    expect(await owned(owner)).toBe(true);
    expect(wait).not.toHaveBeenCalled();
  });

  it.each<readonly [string, (alive: ProcessIdentity) => unknown]>([
    ['a process that has ended', ({ started }) => ({ pid: 2 ** 30, started })],
    ['an earlier process of the same number', ({ pid, started }) => ({ pid, started: `${started}0` })],
    ['a process of before the last boot', ({ pid, started }) => ({ pid, started: started.replace(/^.*:/, 'boot:') })],
    ['nothing that can be read', () => '{'],
    ['nobody', () => ''],
    ['something else', () => ({ pid: 'x' })],
  ])('takes it over from %s', async (_, left) => {
    leave(left((await aProcess()).identity));
    await owned(anOwner());
    expect(holder()).toEqual(await thisProcess());
  });

  it('takes it over from a process that ended unnoticed by its parent', async () => {
    // The shell that started it becomes a program that never asks how its child ended, as a shell does.
    const script = 'exec 3<&0; cat <&3 & echo $!; exec sleep 60';
    const shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(shell);
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    while (readFileSync(`/proc/${shell.pid}/comm`, 'utf8') !== 'sleep\n')
      await new Promise((resolve) => setImmediate(resolve));
    shell.stdin.end();
    const statOf = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8');
    while (!statOf().includes(') Z ')) await new Promise((resolve) => setImmediate(resolve));
    const ticks =
      statOf()
        .slice(statOf().lastIndexOf(')') + 2)
        .split(' ')[19] ?? '';
    leave({ pid, started: `${(await thisProcess())?.started.split(':')[0] ?? ''}:${ticks}` });
    await owned(anOwner());
    expect(holder()).toEqual(await thisProcess());
  });

  it('waits for a process that runs, says once who it is, and takes it when that has ended', async () => {
    const { child, identity } = await aProcess();
    leave(identity);
    const owner = anOwner();
    const whenOwned = owned(owner);
    const looked = (): boolean => owner.log.lines.length > 0;
    while (!looked()) await new Promise((resolve) => setImmediate(resolve));
    expect(holder()).toEqual(identity);
    child.kill('SIGKILL');
    await whenOwned;
    expect(holder()).toEqual(await thisProcess());
    expect(owner.log.lines).toEqual([
      {
        level: 'info',
        message: 'spool: another process holds it; what lies there waits for its end',
        fields: { folder, ...identity },
      },
    ]);
  });

  it('makes no folder to take up what is there; looks for it again', async () => {
    let waits = 0;
    const owner = anOwner(
      hurried((delayMs) => {
        waits += 1;
        expect([delayMs, existsSync(folder)]).toEqual([10_000, false]);
        if (waits === 3) mkdirSync(folder);
      }),
    );
    await owned(owner);
    expect(waits).toBe(3);
  });

  it('of several that try at once all see the same holder', async () => {
    leave({ pid: 2 ** 30, started: 'x' });
    const owners = Array.from({ length: 20 }, () => anOwner());
    await Promise.all(owners.map(owned));
    expect(holder()).toEqual(await thisProcess());
    expect(readdirSync(folder)).toEqual(['owner']);
  });

  it('waits while another takes it over, and not for a lock that a killed process left', async () => {
    mkdirSync(folder);
    const lock = join(folder, 'owner.lock');
    writeFileSync(lock, '');
    let waits = 0;
    const owner = anOwner(
      hurried(() => {
        waits += 1;
        if (waits === 2) utimesSync(lock, 0, 0);
      }),
    );
    await owned(owner);
    expect(waits).toBe(3);
    expect(readdirSync(folder)).toEqual(['owner']);
  });

  it('leaves an old lock to a process that runs', async () => {
    const { child, identity } = await aProcess();
    mkdirSync(folder);
    const lock = join(folder, 'owner.lock');
    writeFileSync(lock, JSON.stringify(identity));
    utimesSync(lock, 0, 0);
    let waits = 0;
    const owner = anOwner(
      hurried(() => {
        waits += 1;
        if (waits <= 3) expect(statSync(lock).isFile()).toBe(true);
        if (waits === 3) child.kill('SIGKILL');
      }),
    );
    await owned(owner);
    expect(waits).toBeGreaterThan(3);
  });

  it('error: says what is wrong, and tries again', async () => {
    mkdirSync(ownerFile(), { recursive: true });
    const owner = anOwner(
      hurried(() => {
        rmSync(ownerFile(), { recursive: true });
      }),
    );
    await owned(owner);
    expect(owner.log.lines).toEqual([
      expect.objectContaining({ level: 'error', message: 'spool: it cannot be taken, tried again' }),
    ]);
  });

  describe('claim', () => {
    it('makes the folder and holds it', async () => {
      const owner = anOwner();
      await owner.claim();
      expect(holder()).toEqual(await thisProcess());
    });

    it('makes the folder where another process holds it, which it stays', async () => {
      const { identity } = await aProcess();
      leave(identity);
      await anOwner().claim();
      expect(holder()).toEqual(identity);
    });

    it('never fails', async () => {
      writeFileSync(folder, 'a file');
      const owner = anOwner();
      await owner.claim();
      expect(owner.log.lines).toEqual([
        expect.objectContaining({ level: 'error', message: 'spool: its folder cannot be made' }),
      ]);
    });
  });

  describe('release', () => {
    it('leaves nothing of a folder that it made, where that is empty', async () => {
      const owner = anOwner();
      await owner.claim();
      owner.release();
      expect(readdirSync(parent)).toEqual([]);
      owner.release();
      expect(owner.log.lines).toEqual([]);
    });

    it('leaves what lies there, and a folder that was there before', async () => {
      const owner = anOwner();
      await owner.claim();
      writeFileSync(join(folder, 'x'), '');
      owner.release();
      expect(readdirSync(folder)).toEqual(['x']);

      rmSync(join(folder, 'x'));
      const later = anOwner();
      await owned(later);
      later.release();
      expect(readdirSync(folder)).toEqual([]);
      expect([...owner.log.lines, ...later.log.lines]).toEqual([]);
    });

    it('leaves what is another process’s by now', async () => {
      const owner = anOwner();
      await owner.claim();
      const { identity } = await aProcess();
      leave(identity);
      owner.release();
      expect(holder()).toEqual(identity);
    });

    it('does nothing where nothing is held', () => {
      const owner = anOwner();
      owner.release();
      expect([existsSync(folder), owner.log.lines]).toEqual([false, []]);
    });
  });
});
