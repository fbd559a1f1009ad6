import { type Observable, map, of, tap } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { createHeld } from '../../src/control/held';
import { createLedger } from '../../src/control/ledger';
import type { Answers, Connection, Env, Frames, Origin, Synced } from '../../src/model';
import { type MayRead, createHalfFrames } from '../../src/pipelines/halfFrames';
import { type IngestOptions, ingest } from '../../src/pipelines/ingest';
import { encodeFrame } from '../../src/wire/frame';
import { createSyncedReader, encodeSync } from '../../src/wire/sync';
import { memoryLog, messagesOf, testEnv } from '../../src/testing/builders';
import { type Marbles, marbles } from '../../src/testing/marbles';

const setUp = (
  { scheduler }: Pick<Marbles, 'scheduler'>,
  more: Partial<IngestOptions> = {},
): { env: Env; log: ReturnType<typeof memoryLog>; ingested: ReturnType<typeof ingest> } => {
  const log = memoryLog();
  const env = testEnv({ log, ledger: createLedger(), held: createHeld({ high: 1000, low: 500 }), scheduler });
  const halfFrames = createHalfFrames({ held: env.held, highMark: 1000, frameTimeoutMs: 16, scheduler });
  const accepts = (bucket: string): boolean => bucket !== 'unknown';
  return { env, log, ingested: ingest({ env, maxFrame: 100, accepts, halfFrames, ...more }) };
};

const connection = (id: number, chunks$: Observable<Buffer>): Connection => ({ id, chunks$ });
const brief = (frames: Frames): string => `${frames.bucket}:${messagesOf({ frames: [frames] }).join()}`;

const frame = encodeFrame('b', 'm');
const chunks = {
  f: frame,
  h: frame.subarray(0, 5),
  t: frame.subarray(5),
  u: encodeFrame('unknown', 'm'),
  m: Buffer.alloc(8),
  l: encodeFrame('b', 'x'.repeat(101)),
  x: Buffer.from('ffffffff', 'hex'),
};

describe('ingest', () => {
  it('reads all connections at once and charges what it passes on', () =>
    marbles((m) => {
      const one = m.cold('   -f-h-t-|', chunks);
      const two = m.cold('     --f-|', chunks);
      const source = m.cold('1-2----|', { 1: connection(1, one), 2: connection(2, two) });
      const expected = '     -f--ff-|';
      const { ingested, env } = setUp(m);
      m.expectObservable(source.pipe(ingested, map(brief))).toBe(expected, { f: 'b:m' });
      m.flush();
      expect(env.held.bytes).toBe(3 * frame.length);
      expect(env.ledger.rows()).toEqual([]);
    }));

  it.each([
    ['malformed', 'm', 2, { detail: 'body of 0 bytes, expected at least 2' }],
    ['too_large', 'l', 1, { detail: 'body of 104 bytes, expected at most 100 (MAX_FRAME)' }],
    ['no_such_bucket', 'u', 1, { bucket: '"unknown"' }],
    ['truncated', 'h', 1, { detail: 'the connection ended within a frame: 5 of 8 bytes' }],
    ['not_frames', 'x', 1, {}],
  ])('counts, logs and releases what is %s', (reason, chunk, count, fields) =>
    marbles((m) => {
      const { ingested, env, log } = setUp(m);
      const source$ = of(connection(7, m.cold(`-${chunk}|`, chunks)));
      m.expectObservable(source$.pipe(ingested)).toBe(reason === 'not_frames' ? '-|' : '--|');
      m.flush();
      expect(env.held.bytes).toBe(0);
      expect(env.ledger.rows()).toMatchObject([{ bucket: '(none)', received: count, dropped: { [reason]: count } }]);
      expect(log.lines).toMatchObject([{ level: 'warn', fields: { connection: 7, count, ...fields } }]);
    }),
  );

  describe('where memory is full and a bucket drops', () => {
    const dropping = (m: Marbles): ReturnType<typeof setUp> & { readAll: () => readonly number[] } => {
      const scheduler = m.scheduler;
      const held = createHeld({ high: 1000, low: 500 });
      const log = memoryLog();
      const env = testEnv({ log, ledger: createLedger(), held, scheduler });
      const half = createHalfFrames({ held, highMark: 1000, frameTimeoutMs: 16, scheduler, drops: () => true });
      let mayRead: MayRead = () => false;
      half.reading$.subscribe((next) => (mayRead = next));
      const options = { env, maxFrame: 100, accepts: () => true, halfFrames: half };
      const dropsTo = (bucket: string): readonly string[] | undefined => (bucket === 'd' ? ['k', 'f'] : undefined);
      return {
        env,
        log,
        ingested: ingest({ ...options, dropsTo }),
        readAll: () => [1, 2, 3].filter((each) => mayRead(each)),
      };
    };
    const dropped = encodeFrame('d', 'm');
    const both = { ...chunks, d: dropped, e: Buffer.concat([dropped, frame]) };

    it('passes everything on while it is not full', () =>
      marbles((m) => {
        const { ingested, env } = dropping(m);
        const source$ = of(connection(1, m.cold('-d-f|', both)));
        m.expectObservable(source$.pipe(ingested, map(brief))).toBe('-d-f|', { d: 'd:m', f: 'b:m' });
        m.flush();
        expect(env.held.bytes).toBe(dropped.length + frame.length);
        expect(env.ledger.rows()).toEqual([]);
      }));

    it('drops what is of that bucket on each of its streams, counted and logged, and passes on the rest', () =>
      marbles((m) => {
        const { ingested, env, log } = dropping(m);
        env.held.charge(1000);
        const source$ = of(connection(1, m.cold('-d-e-f|', both)));
        m.expectObservable(source$.pipe(ingested, map(brief))).toBe('---f-f|', { f: 'b:m' });
        m.flush();
        expect(env.held.bytes).toBe(1000 + 2 * frame.length);
        const row = { bucket: 'd', received: 2, held: 0, dropped: { memory_full: 2 } };
        expect(env.ledger.rows()).toMatchObject([
          { ...row, stream: 'k' },
          { ...row, stream: 'f' },
        ]);
        expect(log.lines.map(({ level, message, fields }) => [level, message, fields])).toEqual([
          ['warn', 'memory is full, messages dropped', { bucket: '"d"', count: 1 }],
          ['warn', 'memory is full, messages dropped', { bucket: '"d"', count: 1 }],
        ]);
      }));

    it('settles what it drops with its connection', () =>
      marbles((m) => {
        const { ingested, env } = dropping(m);
        env.held.charge(1000);
        const origins: Origin[] = [];
        const source$ = of(connection(1, m.cold('-e|', both)));
        m.expectObservable(
          source$.pipe(
            ingested,
            tap(({ origin }) => origins.push(origin)),
            map(brief),
          ),
        ).toBe('-f|', {
          f: 'b:m',
        });
        m.flush();
        expect(origins).toEqual([{ messages: 2, open: 1, worst: 2 }]);
      }));

    it('reads on who brings nothing else', () =>
      marbles((m) => {
        const { ingested, env, readAll } = dropping(m);
        const source = m.cold('(12)', {
          1: connection(1, m.cold('-d--', both)),
          2: connection(2, m.cold('-e--', both)),
        });
        env.held.charge(1000);
        m.scheduler.schedule(() => expect(readAll()).toEqual([1, 3]), 2);
        m.expectObservable(source.pipe(ingested, map(brief)), '---!').toBe('-f', { f: 'b:m' });
      }));
  });

  it('marks the origin of what it drops, and cuts a long name in the log', () => {
    const name = '"\n'.repeat(40);
    const { ingested, log } = setUp({ scheduler: new TestScheduler(() => undefined) }, { accepts: (b) => b === 'b' });
    const origins: Origin[] = [];
    const chunk = Buffer.concat([encodeFrame('b', '1'), encodeFrame(name, '2'), encodeFrame(name, '3')]);
    of(connection(1, of(chunk)))
      .pipe(ingested)
      .subscribe(({ origin }) => origins.push(origin));
    expect(origins).toEqual([{ messages: 3, open: 1, worst: 2 }]);
    expect(log.lines[0]?.fields).toEqual({ connection: 1, count: 2, bucket: JSON.stringify(name.slice(0, 64)) });
  });

  describe('a sync', () => {
    const asked = { ...chunks, s: encodeSync(5), a: Buffer.concat([frame, chunks.u, encodeSync(6), frame]) };

    it('is answered where the connection can be answered, with what was refused before it', () =>
      marbles((m) => {
        const { ingested, env, log } = setUp(m);
        const answered: Synced[] = [];
        let owed = 0;
        const read = createSyncedReader();
        const answers: Answers = {
          isWaiting: false,
          owe: () => (owed += 1),
          send: (answer) => void answered.push(...read(answer)),
        };
        const settled = tap(({ origin, count }: Frames) => (origin.open -= count));
        const source$ = of({ ...connection(1, m.cold('-s-a--s|', asked)), answers });
        m.expectObservable(source$.pipe(ingested, settled, map(brief))).toBe('---(ff)|', { f: 'b:m' });
        m.flush();
        expect(answered).toEqual([
          { token: 5, status: 0, messages: 0 },
          { token: 6, status: 2, messages: 2 },
          { token: 5, status: 0, messages: 1 },
        ]);
        expect([owed, env.held.bytes]).toEqual([3, 2 * frame.length]);
        expect(log.lines.map(({ message }) => message)).toEqual(['no such bucket, messages dropped']);
      }));

    it('is malformed where it cannot', () =>
      marbles((m) => {
        const { ingested, env, log } = setUp(m);
        const source$ = of(connection(1, m.cold('-s-f|', asked)));
        m.expectObservable(source$.pipe(ingested, map(brief))).toBe('---f|', { f: 'b:m' });
        m.flush();
        expect(env.held.bytes).toBe(frame.length);
        expect(log.lines[0]?.fields).toMatchObject({ detail: 'a sync, where only messages are expected' });
      }));

    it('does not let a half frame grow old while its connection waits for answers', () =>
      marbles((m) => {
        const { ingested } = setUp(m);
        let isWaiting = true;
        const answers: Answers = {
          get isWaiting() {
            return isWaiting;
          },
          owe: () => undefined,
          send: () => undefined,
        };
        m.scheduler.schedule(() => (isWaiting = false), 50);
        const source$ = of({ ...connection(1, m.cold('-h-', chunks)), answers });
        m.expectObservable(source$.pipe(ingested)).toBe('66ms |');
      }));
  });

  it('says nothing more of a frame too large that goes on', () =>
    marbles((m) => {
      const { ingested, env, log } = setUp(m);
      const [start, rest] = [chunks.l.subarray(0, 50), chunks.l.subarray(50)];
      const chunks$ = m.cold('-s-r-f-|', { ...chunks, s: start, r: rest });
      m.expectObservable(of(connection(1, chunks$)).pipe(ingested, map(brief))).toBe('-----f-|', { f: 'b:m' });
      m.flush();
      expect(log.lines).toHaveLength(1);
      expect(env.held.bytes).toBe(frame.length);
    }));

  it('closes a connection whose half frame stalls', () =>
    marbles((m) => {
      const { ingested, env, log } = setUp(m);
      const chunks$ = m.cold('-f-h------', chunks);
      m.expectObservable(of(connection(1, chunks$)).pipe(ingested, map(brief))).toBe('-f 18ms |', { f: 'b:m' });
      m.expectSubscriptions(chunks$.subscriptions).toBe('^ 19ms !');
      m.flush();
      expect(log.lines.map(({ message }) => message)).toEqual([
        'connection ended within a frame',
        'half a frame made no progress, connection closed',
      ]);
      expect(env.held.bytes).toBe(frame.length);
    }));

  it('ends a connection that fails or throws alone', () =>
    marbles((m) => {
      const { ingested, env, log } = setUp(m, {
        accepts: (bucket) => {
          if (bucket === 'unknown') throw new Error('accepts');
          return true;
        },
      });
      const source = m.cold('      123|', {
        1: connection(1, m.cold('  -h-#', chunks, new Error('broke'))),
        2: connection(2, m.cold('   -u-f|', chunks)),
        3: connection(3, m.cold('    ---f-|', chunks)),
      });
      const expected = '           -----f-|';
      m.expectObservable(source.pipe(ingested, map(brief))).toBe(expected, { f: 'b:m' });
      m.flush();
      expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
        ['error', { connection: 2, error: 'Error: accepts' }],
        ['error', { connection: 1, error: 'Error: broke' }],
      ]);
      expect(env.held.bytes).toBe(frame.length);
    }));

  it('releases half frames when unsubscribed', () =>
    marbles((m) => {
      const { ingested, env } = setUp(m);
      const chunks$ = m.cold('-h----', chunks);
      const unsub = '         ---!';
      const subs = '          ^--!';
      m.expectObservable(of(connection(1, chunks$)).pipe(ingested), unsub).toBe('----');
      m.expectSubscriptions(chunks$.subscriptions).toBe(subs);
      m.flush();
      expect(env.held.bytes).toBe(0);
    }));
});
