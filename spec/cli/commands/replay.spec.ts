import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import * as E from 'fp-ts/Either';
import { NEVER, of, type Observable } from 'rxjs';
import type { ReplayRequest } from '../../../src/cli/commands/replay/request';
import { replay } from '../../../src/cli/commands/replay/replay';
import { configure } from '../../../src/control/configure';
import type { SinkKind } from '../../../src/model';
import { refuse } from '../../../src/operators/refuse';
import { sinks } from '../../../src/sinks';
import { processOf } from '../../../src/spool/processes';
import { encodeRecord } from '../../../src/wire/record';
import { inFolder, messagesIn } from '../../support/fileSinks';
import { testHost } from './harness';
import { framesOf, openQuietly, progressOf } from '../../spool/readers';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Extra {
  readonly buckets?: unknown;
  readonly kinds?: Readonly<Record<string, SinkKind>>;
  readonly interrupted$?: Observable<unknown>;
  readonly terminal?: NodeJS.WritableStream;
  /** Told each time that something is written to standard output. */
  readonly onOut?: () => void;
}

const replaceByFolder = (path: string): void => {
  rmSync(path, { recursive: true });
  mkdirSync(path);
};

const copyTo = (folder: string): unknown => ({
  streamsConfigs: {
    copy: { type: 'file', settings: { path: join(folder, 'copy'), fileNameTemplate: '{bucket}' } },
    other: { type: 'file', settings: { path: join(folder, 'other') } },
  },
  buckets: [{ id: 'b', streams: ['copy', 'other'] }],
});

/** Runs the command in `folder`, on files of the folder `in`, to the stream `copy`. */
const run = async (folder: string, request: Partial<ReplayRequest> = {}, extra: Extra = {}): Promise<Ran> => {
  let [out, err] = ['', ''];
  const code = await replay(
    { paths: [join(folder, 'in')], to: 'copy', rate: 1, dryRun: false, keep: false, json: false, ...request },
    testHost({
      configured: () =>
        configure({
          environment: {},
          envFile: {},
          kinds: { ...sinks, ...extra.kinds },
          read: () => E.right(JSON.stringify(extra.buckets ?? copyTo(folder))),
        }),
      out: (text) => {
        out += text;
        extra.onOut?.();
      },
      err: (text) => (err += text),
      terminal: () => extra.terminal,
      interrupted$: extra.interrupted$ ?? NEVER,
    }),
  );
  return { code, out, err };
};

const withFiles = (
  files: Readonly<Record<string, Uint8Array | string>>,
  use: (folder: string, input: string) => Promise<void>,
): Promise<void> =>
  inFolder(async (folder) => {
    const input = join(folder, 'in');
    await mkdir(input);
    let seconds = 1_700_000_000;
    for (const [name, bytes] of Object.entries(files)) {
      await writeFile(join(input, name), bytes);
      await utimes(join(input, name), seconds, seconds);
      seconds += 1;
    }
    await use(folder, input);
  });

const SECOND = Date.UTC(2023, 10, 14, 22, 13, 20);

describe('kahets replay', () => {
  it('sends files in their order, one after the other, removes them, and opens no other stream', () =>
    withFiles({ z: framesOf('b', '1', '2'), a: framesOf('b', '3') }, async (folder, input) => {
      const ran = await run(folder);
      expect(ran).toEqual({
        code: 0,
        out: '3 messages sent to copy: 2 of 2 files done\n',
        err: `${join(input, 'z')}: sent: 2 messages\n${join(input, 'a')}: sent: 1 message\n`,
      });
      expect(await messagesIn(join(folder, 'copy', 'b'))).toEqual(['1', '2', '3']);
      expect((await readdir(folder)).toSorted()).toEqual(['copy', 'in']);
      expect(await readdir(input)).toEqual([]);
    }));

  it('keeps files, and sends all of them the next time', () =>
    withFiles({ a: framesOf('b', '1') }, async (folder, input) => {
      await run(folder, { keep: true });
      expect(await readdir(input)).toEqual(['a']);
      await run(folder, { keep: true });
      expect(await messagesIn(join(folder, 'copy', 'b'))).toEqual(['1', '1']);
    }));

  it('has nothing to do in an empty folder', () =>
    withFiles({}, async (folder) => {
      expect(await run(folder)).toEqual({ code: 0, out: '0 messages sent to copy: 0 of 0 files done\n', err: '' });
    }));

  it('ends with one JSON object where that is asked for', () =>
    withFiles({ a: framesOf('b', '1'), README: 'not a frame' }, async (folder, input) => {
      const { out } = await run(folder, { json: true });
      expect(JSON.parse(out)).toEqual({
        ...{ stream: 'copy', dryRun: false, exitCode: 0, problems: [], skipped: [join(input, 'README')] },
        files: [
          {
            ...{ path: join(input, 'a'), state: 'sent', sentBytes: 8 },
            ...{ delivered: 1, deadLettered: 0, duplicatesPossible: 0 },
          },
        ],
      });
    }));

  it('shows what is there, and changes nothing, with --dry-run', () =>
    withFiles(
      {
        a: Buffer.concat([
          framesOf('b', '1', '2'),
          encodeRecord('c', '3', { timestampMs: SECOND - 5000 }),
          Buffer.of(9),
        ]),
      },
      async (folder, input) => {
        const path = join(input, 'a');
        const bytes = await readFile(path);
        const ran = await run(folder, { dryRun: true });
        expect(ran.code).toBe(65);
        expect(ran.out.split('\n')).toEqual([
          `${path}: ${bytes.length} bytes`,
          '  b: 2 messages, 16 bytes, came 2023-11-14T22:13:20.000Z to 2023-11-14T22:13:20.000Z',
          `  c: 1 message, ${bytes.length - 17} bytes, came 2023-11-14T22:13:15.000Z to 2023-11-14T22:13:15.000Z`,
          `  from byte ${bytes.length - 1} on no message (a length of 1 bytes, expected 4): 1 bytes go to ${path}.bad`,
          '3 messages in 1 file would be sent',
          '',
        ]);
        expect(await readFile(path)).toEqual(bytes);
        expect(await readdir(folder)).toEqual(['in']);
        const json = JSON.parse((await run(folder, { dryRun: true, json: true })).out) as unknown;
        expect(json).toMatchObject({
          dryRun: true,
          files: [{ path, done: 0, buckets: [{ bucket: 'b', messages: 2, bytes: 16 }, { bucket: 'c' }] }],
        });
      },
    ));

  it('goes on with the next, with --dry-run, where a file is sent on by the daemon meanwhile', () =>
    withFiles({ a: framesOf('b', '1'), gone: framesOf('b', '2') }, async (folder, input) => {
      const gone = join(input, 'gone');
      const ran = await run(folder, { dryRun: true }, { onOut: () => rmSync(gone, { force: true }) });
      expect(ran).toMatchObject({ code: 0, err: `${gone}: is gone meanwhile\n` });
      expect(ran.out).toContain('1 message in 1 file would be sent\n');
    }));

  it('says which file it cannot look through, with --dry-run, and ends with 66', () =>
    withFiles({ a: framesOf('b', '1'), b: framesOf('b', '2') }, async (folder, input) => {
      const path = join(input, 'b');
      const ran = await run(folder, { dryRun: true }, { onOut: () => replaceByFolder(path) });
      expect(ran.code).toBe(66);
      expect(ran.err).toContain(`kahets: ${path}: `);
    }));

  it('shows of a file that was begun what is left of it', () =>
    withFiles({ a: framesOf('b', '1', '2', '3') }, async (folder, input) => {
      const reader = await openQuietly(join(input, 'a'), { maxBytes: 8 });
      await reader.next();
      await reader.close(true);
      expect((await run(folder, { dryRun: true })).out).toMatch(
        /: 24 bytes, of which 8 are sent already\n {2}b: 2 mess/,
      );
    }));

  it('sets aside what is no message, and ends with 65', () =>
    withFiles({ a: Buffer.concat([framesOf('b', '1'), Buffer.alloc(12)]) }, async (folder, input) => {
      const ran = await run(folder);
      expect(ran.code).toBe(65);
      expect(ran.err).toContain(`from byte 8 on no message (body of 0 bytes`);
      expect(ran.err).toContain(`12 bytes are in ${join(input, 'a.bad')} now`);
      expect(await readdir(input)).toEqual(['a.bad']);
      expect(await messagesIn(join(folder, 'copy', 'b'))).toEqual(['1']);
    }));

  it('leaves a named file that starts with no message as it is, and ends with 65', () =>
    withFiles({ README: 'not a frame' }, async (folder, input) => {
      const path = join(input, 'README');
      const ran = await run(folder, { paths: [path] });
      expect(ran).toMatchObject({
        code: 65,
        err: expect.stringContaining(`${path}: expected a file that starts`) as unknown,
      });
      expect(await readFile(path, 'utf8')).toBe('not a frame');
    }));

  it('ends with 66 where there is no such file', () =>
    withFiles({}, async (folder) => {
      const ran = await run(folder, { paths: [join(folder, 'none')] });
      expect(ran).toMatchObject({
        code: 66,
        out: '',
        err: expect.stringMatching(/^kahets: expected files .*ENOENT/) as unknown,
      });
    }));

  it('ends with 64 and lists the streams where there is none of that name', () =>
    withFiles({}, async (folder) => {
      expect(await run(folder, { to: 'cpy' })).toEqual({
        code: 64,
        out: '',
        err: 'kahets: --to: expected one of copy, other, got "cpy" (did you mean copy?)\n',
      });
    }));

  it('ends with 78 where the configuration is wrong', () =>
    withFiles({}, async (folder) => {
      const ran = await run(folder, {}, { buckets: {} });
      expect(ran.code).toBe(78);
      expect(ran.err).toMatch(/buckets\.json: streamsConfigs: expected/);
    }));

  it('sends nothing after an interruption, ends with 69 and says how to go on', () =>
    withFiles({ a: framesOf('b', '1') }, async (folder, input) => {
      const ran = await run(folder, {}, { interrupted$: of('SIGINT') });
      expect(ran.code).toBe(69);
      expect(ran.err).toContain('1 file left: the same command goes on from there');
      expect(await readdir(input)).toEqual(['a']);
    }));

  it('does not touch a file that another process sends, and ends with 69', () =>
    withFiles({ a: framesOf('b', '1') }, async (folder, input) => {
      const path = join(input, 'a');
      const reader = await openQuietly(path);
      await reader.next();
      await reader.close();
      // Process 1 runs as long as the machine does.
      const owner = await processOf(1);
      await writeFile(`${path}.progress`, JSON.stringify({ ...(await progressOf(path)), owner }));
      const ran = await run(folder);
      expect(ran.code).toBe(69);
      expect(ran.err).toContain(`${path}: expected a file that nobody sends on: process 1 does`);
    }));

  describe('to a sink that does not take it', () => {
    const broken = (kind: 'poison' | 'gave_up'): Extra => ({
      buckets: { streamsConfigs: { copy: { type: 'broken' } }, buckets: [{ id: 'b', streams: ['copy'] }] },
      kinds: {
        broken: () =>
          E.right({
            ...{ warnings: [], limits: {}, deadlineMs: undefined, claims: [] },
            open: () => () =>
              Promise.resolve(
                E.right({
                  write: (batch) => refuse('broken', batch, { kind, message: 'not mine' }),
                  health$: of({ state: 'up' as const }),
                  close: () => Promise.resolve(),
                }),
              ),
          }),
      },
    });

    it('loses nothing that no sink takes: 65, and the file stays', () =>
      withFiles({ a: framesOf('b', '1') }, async (folder, input) => {
        const ran = await run(folder, {}, broken('poison'));
        expect(ran.code).toBe(65);
        expect(ran.err).toContain(
          'bytes 0 to 8: 1 messages of b that no sink takes; expected a stream with a deadLetter',
        );
        expect(await readFile(join(input, 'a'))).toEqual(framesOf('b', '1'));
      }));

    it('keeps the file where it gives up: 69', () =>
      withFiles({ a: framesOf('b', '1') }, async (folder, input) => {
        const ran = await run(folder, {}, broken('gave_up'));
        expect(ran).toMatchObject({ code: 69, out: '0 messages sent to copy: 0 of 1 file done\n' });
        expect(ran.err).toContain('not all is sent: bytes 0 to 8: not mine');
        expect((await readdir(input)).toSorted()).toEqual(['a', 'a.progress']);
      }));
  });

  it('draws a bar on a terminal', () =>
    withFiles({ a: framesOf('b', '1') }, async (folder) => {
      let drawn = '';
      const terminal = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          drawn += chunk.toString();
          done();
        },
      });
      const ran = await run(folder, {}, { terminal: Object.assign(terminal, { isTTY: true, columns: 100 }) });
      expect(ran.code).toBe(0);
      expect(drawn).toContain('100 %');
      expect(drawn).toContain('a: sent: 1 message');
    }));
});
