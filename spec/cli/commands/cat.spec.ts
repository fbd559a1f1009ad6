import { appendFile, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Subject } from 'rxjs';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { framesOf } from '../../spool/readers';
import { inFolder } from '../../support/fileSinks';
import { run, type Ran } from './harness';

const MS = Date.UTC(2026, 10, 23, 12);

const at = (minutes: number, message: string, bucket = 'b'): Buffer =>
  encodeRecord(bucket, message, { timestampMs: MS + minutes * 60_000 });

interface Line {
  readonly message?: string | null;
  readonly offset: number;
  readonly file: string;
}

const linesIn = ({ out }: Ran): readonly Line[] =>
  out
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);

const messagesIn = (ran: Ran): readonly (string | null | undefined)[] => linesIn(ran).map(({ message }) => message);

/** Shows what a file of `bytes` holds. */
const shown = async (bytes: Buffer, ...args: readonly string[]): Promise<Ran> => {
  let ran: Ran = { code: -1, out: '', err: '' };
  await inFolder(async (folder) => {
    await writeFile(join(folder, 'a'), bytes);
    ran = await run(['cat', join(folder, 'a'), ...args], { now: () => MS + 600_000 });
  });
  return ran;
};

describe('kahets cat', () => {
  it('shows all that a message says, a line of JSON each', async () => {
    const one = encodeRecord('b', '{"a":1}', {
      ...{ key: 'k', timestampMs: MS, partition: 3 },
      headers: [
        ['type', 'x'],
        ['none', null],
        ['raw', Buffer.of(0xff)],
      ],
    });
    const two = encodeRecord('b', null, { key: Buffer.of(0xfe), timestampMs: MS });
    const three = encodeRecord('c', Buffer.of(0xff, 0), { timestampMs: MS });
    const ran = await shown(Buffer.concat([one, two, three]));
    expect(ran).toMatchObject({ code: 0, err: '' });
    const file = expect.any(String) as unknown;
    const timestamp = '2026-11-23T12:00:00.000Z';
    expect(linesIn(ran)).toEqual([
      {
        ...{ bucket: 'b', timestamp, key: 'k', message: '{"a":1}', partition: 3, offset: 0, file },
        headers: [
          { name: 'type', value: 'x' },
          { name: 'none', value: null },
          { name: 'raw', valueBase64: '/w==' },
        ],
      },
      { bucket: 'b', timestamp, keyBase64: '/g==', message: null, offset: one.length, file },
      { bucket: 'c', timestamp, messageBase64: '/wA=', offset: one.length + two.length, file },
    ]);
  });

  it('takes the time of a file’s last change for that of a message without one', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'a'), encodeFrame('b', 'm', 'k'));
      const before = Date.now();
      const [line] = linesIn(await run(['cat', join(folder, 'a')]));
      expect(line).toMatchObject({ bucket: 'b', key: 'k', message: 'm' });
      const { timestamp } = line as unknown as { readonly timestamp: string };
      expect(Math.abs(Date.parse(timestamp) - before)).toBeLessThan(60_000);
    }));

  it('shows messages alone with --raw', async () => {
    const ran = await shown(Buffer.concat([framesOf('b', 'one', 'two'), encodeRecord('b', null)]), '--raw');
    expect(ran).toEqual({ code: 0, out: 'one\ntwo\n\n', err: '' });
  });

  it('escapes on a terminal what would act on it, and nothing elsewhere', async () => {
    const evil = 'a\u001b[2J\u009b\u202e\tb';
    const frame = encodeFrame('b', `${evil}\n`);
    const before = process.stdout.isTTY;
    try {
      expect((await shown(frame, '--raw')).out).toBe(`${evil}\n\n`);
      expect((await shown(frame)).out).toContain(JSON.stringify(`${evil}\n`));
      process.stdout.isTTY = true;
      expect((await shown(frame, '--raw')).out).toBe('a\\x1b[2J\\x9b\\u{202e}\\x09b\n\n');
      const onTerminal = await shown(frame);
      expect(onTerminal.out).toContain('"message":"a\\u001b[2J\\u009b\\u202e\\tb\\n"');
      expect(messagesIn(onTerminal)).toEqual([`${evil}\n`]);
    } finally {
      process.stdout.isTTY = before;
    }
  });

  it('shows files of any size, in windows, with the offset of each message', async () => {
    const frames = Array.from({ length: 300 }, (_, n) => encodeFrame(n % 2 ? 'b' : 'c', `${n}`.padEnd(3000, '.')));
    const ran = await shown(
      Buffer.concat([...frames, encodeFrame('b', 'x'.repeat(1_000_000)), encodeFrame('b', 'end')]),
    );
    const lines = linesIn(ran);
    expect(lines.map(({ message }) => message?.slice(0, 3).replaceAll('.', ''))).toEqual([
      ...frames.map((_, n) => `${n}`),
      'xxx',
      'end',
    ]);
    let offset = 0;
    for (const [n, frame] of frames.entries()) {
      expect(lines[n]?.offset).toBe(offset);
      offset += frame.length;
    }
  });

  const some = Buffer.concat([at(0, 'zero'), at(1, 'one', 'c'), at(2, 'two', 'd'), at(3, 'three')]);

  it.each([
    [
      ['--bucket', 'b'],
      ['zero', 'three'],
    ],
    [
      ['--bucket', 'c', '--bucket', 'd'],
      ['one', 'two'],
    ],
    [
      ['--since', '2026-11-23T12:01:00Z', '--until', '2026-11-23T12:03:00Z'],
      ['one', 'two'],
    ],
    [
      ['--since', '8m'],
      ['two', 'three'],
    ],
    [
      ['--grep', '^t|z'],
      ['zero', 'two', 'three'],
    ],
    [['--grep', 'nowhere'], []],
    [
      ['--limit', '3'],
      ['zero', 'one', 'two'],
    ],
    [['--limit', '1', '--grep', 'e$', '--bucket', 'b'], ['three']],
  ])('picks by %j', async (args, expected) => {
    const ran = await shown(some, ...args);
    expect(ran.code).toBe(0);
    expect(messagesIn(ran)).toEqual(expected);
  });

  it('shows the files of a folder, the oldest first, and none that is no file of frames', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'deep'));
      await writeFile(join(folder, 'deep/z.part'), framesOf('b', '1'));
      await writeFile(join(folder, 'deep/z.part.progress'), 'of a replay');
      await writeFile(join(folder, 'README'), 'no frames');
      await utimes(join(folder, 'deep/z.part'), 1_700_000_000, 1_700_000_000);
      await writeFile(join(folder, 'a.dead'), framesOf('b', '2'));
      await symlink(folder, `${folder}/deep/link`);
      const ran = await run(['cat', folder]);
      expect(ran.code).toBe(0);
      expect(messagesIn(ran)).toEqual(['1', '2']);
      expect(ran.err).toMatch(/^kahets: \S+README: skipped, it starts with no message: [^\n]*\n$/);
    }));

  it('follows a link that is named', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'a'), framesOf('b', '1'));
      await symlink('a', join(folder, 'link'));
      expect(messagesIn(await run(['cat', join(folder, 'link')]))).toEqual(['1']);
    }));

  it.each([
    ['zeros', Buffer.alloc(100), ''],
    ['a torn end', encodeFrame('b', 'torn').subarray(0, 7), '7 bytes of a frame of 11'],
    ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'GET '],
  ])('says where a file is damaged, goes on with the next, and ends with 65: %s', (_, bad, said) =>
    inFolder(async (folder) => {
      const good = framesOf('b', '1', '2');
      await writeFile(join(folder, 'a'), Buffer.concat([good, bad]));
      await writeFile(join(folder, 'b'), framesOf('b', '3'));
      const ran = await run(['cat', join(folder, 'a'), join(folder, 'b')]);
      expect(ran.code).toBe(65);
      expect(messagesIn(ran)).toEqual(['1', '2', '3']);
      expect(ran.err).toContain(`${join(folder, 'a')}: from byte ${good.length} on no message (`);
      expect(ran.err).toContain(said);
      expect(ran.err).toContain(`: ${bad.length} bytes are not shown\n`);
    }),
  );

  it('ends with 65 for a named file that is none of frames, and 66 for none at all', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'README'), 'no frames');
      const foreign = await run(['cat', join(folder, 'README')]);
      expect(foreign).toMatchObject({ code: 65, out: '' });
      expect(foreign.err).toContain('README: expected a file that starts with a message, found');
      const none = await run(['cat', join(folder, 'none')]);
      expect(none).toMatchObject({ code: 66, err: expect.stringContaining('ENOENT') as unknown });
    }));

  it('shows nothing of an empty file', async () => {
    expect(await shown(Buffer.alloc(0))).toEqual({ code: 0, out: '', err: '' });
  });

  it('waits for its reader, and ends in silence where the reader ends', () =>
    inFolder(async (folder) => {
      await writeFile(
        join(folder, 'a'),
        Buffer.concat(Array.from({ length: 500 }, () => encodeFrame('b', 'x'.repeat(4000)))),
      );
      let taken = 0;
      const head = new Writable({
        highWaterMark: 1000,
        write: (chunk: Buffer, _encoding, done) => {
          taken += chunk.length;
          setImmediate(() =>
            done(taken > 1_000_000 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null),
          );
        },
      });
      const ran = await run(['cat', join(folder, 'a')], { stdout: () => head });
      expect(ran).toEqual({ code: 0, out: '', err: '' });
      expect(taken).toBeLessThan(1_600_000);
    }));
});

describe('kahets cat --follow', () => {
  /** Follows `path`; `until` resolves when so many messages were shown. */
  const follow = (path: string) => {
    const interrupted$ = new Subject<void>();
    let out = '';
    let look = (): void => undefined;
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        out += chunk.toString();
        look();
        done();
      },
    });
    const ran = run(['cat', '--follow', '--raw', path], { interrupted$, stdout: () => stdout });
    return {
      until: (text: string) =>
        new Promise<void>((resolve) => {
          look = () => {
            if (out === text) resolve();
          };
          look();
        }),
      end: async (): Promise<Ran> => {
        interrupted$.next();
        return { ...(await ran), out };
      },
    };
  };

  it('shows what comes, when it is whole, and ends with 0 by Ctrl-C', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, framesOf('b', '1'));
      const following = follow(path);
      await following.until('1\n');
      const [head, tail] = [framesOf('b', '2').subarray(0, 6), framesOf('b', '2').subarray(6)];
      await appendFile(path, head);
      await appendFile(path, tail);
      await following.until('1\n2\n');
      expect(await following.end()).toEqual({ code: 0, out: '1\n2\n', err: '' });
    }));

  it('goes on in the new file of a name, after the rest of the old one', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, framesOf('b', '1'));
      const following = follow(path);
      await following.until('1\n');
      await appendFile(path, framesOf('b', '2'));
      await rename(path, join(folder, 'a.1'));
      await following.until('1\n2\n');
      await writeFile(path, framesOf('b', '3'));
      await following.until('1\n2\n3\n');
      await truncate(path);
      await writeFile(path, framesOf('b', ''));
      await following.until('1\n2\n3\n\n');
      expect((await following.end()).err).toBe('');
    }));

  it('goes on in new files of a folder, and shows none twice that is renamed', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'b'));
      await writeFile(join(folder, 'b/1.part'), framesOf('b', '1'));
      const following = follow(folder);
      await following.until('1\n');
      await rename(join(folder, 'b/1.part'), join(folder, 'b/1'));
      await writeFile(join(folder, 'b/2.part'), framesOf('b', '2'));
      await following.until('1\n2\n');
      await rm(join(folder, 'b'), { recursive: true });
      await writeFile(join(folder, '3'), framesOf('b', '3'));
      await following.until('1\n2\n3\n');
      expect(await following.end()).toMatchObject({ code: 0, err: '' });
    }));

  it('says once where a file is damaged', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'a'), Buffer.concat([framesOf('b', '1'), Buffer.alloc(8)]));
      const following = follow(folder);
      await following.until('1\n');
      await appendFile(join(folder, 'a'), framesOf('b', 'behind it'));
      await writeFile(join(folder, 'b'), framesOf('b', '2'));
      await following.until('1\n2\n');
      const { code, err } = await following.end();
      expect(code).toBe(65);
      expect(err.match(/from byte 8 on no message/g)).toHaveLength(1);
    }));
});
