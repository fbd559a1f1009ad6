import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogOutput } from '../../src/control/logOutput';

let folder: string;
const open: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kahets-'));
});
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

const opened = (path: string, flags: string | number): number => {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
};

/** A pipe of 64 KB that takes no more than that, as that of a standard output does. */
const aPipe = (): number => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  return opened(path, constants.O_RDWR | constants.O_NONBLOCK);
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

const lines = (count: number, length = 100): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${n} `.padEnd(length - 1, '.') + '\n');

describe('createLogOutput', () => {
  it('writes lines in order, in the background', async () => {
    const path = join(folder, 'log');
    const { write } = createLogOutput(opened(path, 'a'));
    const all = lines(1000);
    for (const line of all) write(line);
    await until(() => readFileSync(path, 'utf8') === all.join(''));
  });

  it('writes at once what waits when it is flushed', () => {
    const path = join(folder, 'log');
    const { write, flushSync } = createLogOutput(opened(path, 'a'));
    for (const line of ['one\n', 'two\n', 'three\n']) write(line);
    flushSync();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('is drained when nothing is on its way, so that a flush repeats nothing', async () => {
    const path = join(folder, 'log');
    const { write, drained, flushSync } = createLogOutput(opened(path, 'a'));
    await drained();
    const all = lines(3, 4 * 1024 * 1024);
    // The first is on its way when the last is written.
    write(all[0] ?? '');
    await until(() => readFileSync(path).length > 0);
    await drained();
    write(all[1] ?? '');
    flushSync();
    expect(readFileSync(path, 'utf8')).toBe(all.slice(0, 2).join(''));
  });

  it('is not drained, and yet waited for no longer, where nobody reads', async () => {
    const { write, drained, flushSync } = createLogOutput(aPipe());
    for (const line of lines(2000)) write(line);
    await drained();
    flushSync();
  });

  it('goes on when a slow reader has made room', async () => {
    const pipe = aPipe();
    const { write } = createLogOutput(pipe);
    const all = lines(2000);
    for (const line of all) write(line);
    const buffer = Buffer.alloc(16 * 1024);
    let text = '';
    const read = (): void => {
      try {
        text += buffer.toString('utf8', 0, readSync(pipe, buffer));
      } catch {
        // Nothing there yet.
      }
    };
    await until(() => {
      read();
      return text.length >= all.join('').length;
    });
    expect(text).toBe(all.join(''));
  });

  it('does not keep the process from ending for a reader that takes nothing', () => {
    const { write, flushSync } = createLogOutput(aPipe());
    for (const line of lines(2000)) write(line);
    const startMs = performance.now();
    flushSync();
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('leaves out what cannot be written, and what would wait without end', async () => {
    const { write, flushSync } = createLogOutput(opened('/dev/full', 'w'));
    for (const line of lines(1000)) write(line);
    await new Promise((resolve) => setImmediate(resolve));
    write('another\n');
    flushSync();

    const pipe = aPipe();
    const { write: writeMore, flushSync: flushMore } = createLogOutput(pipe);
    const line = 'x'.repeat(1023) + '\n';
    for (let n = 0; n < 10_000; n += 1) writeMore(line);
    let bytes = 0;
    const drain = (): void => {
      try {
        for (;;) bytes += readSync(pipe, Buffer.alloc(64 * 1024));
      } catch {
        // Empty.
      }
    };
    for (let before = -1; bytes > before;) {
      before = bytes;
      drain();
      flushMore();
    }
    drain();
    expect(bytes).toBeLessThan(2 * 1024 * 1024);
  });
});
