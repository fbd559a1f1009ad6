import * as fc from 'fast-check';
import { defer, lastValueFrom, of, toArray } from 'rxjs';
import { createHeld } from '../../src/control/held';
import {
  spokenFor,
  type Batch,
  type Cause,
  type Deliver,
  type Frames,
  type Message,
  type MessageOperator,
  type Outcome,
} from '../../src/model';
import { withOperators } from '../../src/operators/withOperators';
import { batchOf, batchOfRun, frames, messagesOf, outcomeOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { encodeRecord } from '../../src/wire/record';

const text = ({ value }: Message): string => String(value);
const identity: MessageOperator = (message) => message;
const saying =
  (value: string) =>
  (message: Message): Message => ({ ...message, value: Buffer.from(value) });

/** Passes batches through operators, and sees what comes behind them. */
const scene = (emptyKey: 'empty' | 'null' = 'empty') => {
  const held = createHeld({ high: 1 << 30, low: 1 << 29 });
  const seen: Batch[] = [];
  const refused: { part: Batch; cause: Cause }[] = [];
  const deliver: Deliver = (batch) => {
    seen.push(batch);
    return of(outcomeOf('s', batch, { delivered: batch.count }));
  };
  const passing = withOperators({
    ...{ stream: 's', held, emptyKey },
    refused: (cause) => (part) => {
      refused.push({ part, cause });
      return of(outcomeOf('s', part, { deadLettered: part.count }));
    },
  });
  const through = (...operators: readonly MessageOperator[]): Deliver =>
    passing(operators.map((apply, index) => ({ name: `./${index}.js`, apply })))(deliver);
  const run = (batch: Batch, ...operators: readonly MessageOperator[]): readonly Outcome[] => {
    const outcomes: Outcome[] = [];
    through(...operators)(batch).subscribe((outcome) => outcomes.push(outcome));
    return outcomes;
  };
  return { held, seen, refused, deliver, passing, through, run };
};

/** The messages of a batch with what records can say. */
const told = ({ frames: runs }: Batch): readonly object[] =>
  runs.flatMap(({ bytes }) => {
    const cursor = new MessageCursor(bytes);
    const found: object[] = [];
    while (cursor.next()) {
      const { isRecord, timestampMs, partition, keyIsNull, valueIsNull, headerCount, keyStart, keyEnd } = cursor;
      const key = keyIsNull ? null : bytes.toString('utf8', keyStart, keyEnd);
      const value = valueIsNull ? null : bytes.toString('utf8', cursor.valueStart, cursor.end);
      found.push({ isRecord, timestampMs, partition, headerCount, key, value });
    }
    return found;
  });

const FRAME = { isRecord: false, timestampMs: undefined, partition: undefined, headerCount: 0 };

describe('withOperators', () => {
  it('without any: is the delivery itself', () => {
    const { passing, deliver } = scene();
    expect(passing([])(deliver)).toBe(deliver);
  });

  it('delivers the batch itself where nothing has changed, whatever object is returned', () => {
    const { seen, run, held } = scene();
    const batch = batchOf('b', ['1', '2']);
    expect(run(batch, identity, (message) => ({ ...message }))).toEqual([outcomeOf('s', batch, { delivered: 2 })]);
    expect(seen[0]).toBe(batch);
    expect(held.bytes).toBe(0);
  });

  it('passes one operator after the other, and leaves out what one of them leaves out', () => {
    const { seen, run } = scene();
    const batch = batchOf('b', ['1', '2', '3']);
    const last = jest.fn(identity);
    const outcomes = run(
      batch,
      (message) => (text(message) === '2' ? undefined : saying(`${text(message)}!`)(message)),
      last,
    );
    expect(outcomes).toEqual([outcomeOf('s', batch, { delivered: 2, sampledOut: 1 })]);
    expect(seen.map(messagesOf)).toEqual([['1!', '3!']]);
    expect(last).toHaveBeenCalledTimes(2);
  });

  it('delivers nothing where all is left out', () => {
    const { seen, run } = scene();
    const batch = batchOf('b', ['1']);
    expect(run(batch, () => undefined)).toEqual([outcomeOf('s', batch, { sampledOut: 1 })]);
    expect(seen).toEqual([]);
  });

  it('delivers what gets another bucket in batches of their own, each in order', () => {
    const { seen, run } = scene();
    const batch = batchOf('b', ['1x', '2', '3x', '4y']);
    const outcomes = run(batch, (message) => {
      const bucket = text(message).slice(1);
      return bucket === '' ? message : { ...message, bucket };
    });
    expect(seen.map((part) => [part.bucket, part.cameIn, messagesOf(part)])).toEqual([
      ['x', 'b', ['1x', '3x']],
      ['b', undefined, ['2']],
      ['y', 'b', ['4y']],
    ]);
    expect(seen.map(({ frames: [run_] }) => run_?.bucket)).toEqual(['x', 'b', 'y']);
    expect(outcomes).toEqual([outcomeOf('s', batch, { delivered: 4 })]);
  });

  it('says under which name a message lies in the backup', () => {
    const batch = batchOf('b', ['1', '2']);
    const outcomes: Outcome[] = [];
    const { passing } = scene();
    const backedUp: Deliver = (part) => of(outcomeOf('s', part, { backedUp: part.count, settledMs: 5 }));
    passing([{ name: 'a', apply: (message) => (text(message) === '1' ? { ...message, bucket: 'x' } : message) }])(
      backedUp,
    )(batch).subscribe((outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([outcomeOf('s', batch, { backedUp: 2, backedUpAs: new Map([['x', 1]]), settledMs: 5 })]);
  });

  describe('what is no message', () => {
    it.each<readonly [string, unknown, string]>([
      [
        'a promise',
        Promise.resolve(),
        'TypeError: expected a message or undefined, got a promise: it must answer at once',
      ],
      ['null', null, 'TypeError: expected a message or undefined, got null'],
      ['a text', 'text', 'TypeError: expected a message or undefined, got a string'],
      ['a text as value', { value: 'text' }, 'TypeError: value: expected a Buffer or null, got a string'],
      ['no value', { value: undefined }, 'TypeError: value: expected a Buffer or null, got a undefined'],
      ['a number as key', { key: 1 }, 'TypeError: key: expected a Buffer or null, got a number'],
      ['no bucket', { bucket: '' }, 'RangeError: bucket: expected 1 to 255 bytes, got 0'],
      ['a long bucket', { bucket: 'é'.repeat(128) }, 'RangeError: bucket: expected 1 to 255 bytes, got 256'],
      ['half a character', { bucket: '\ud800' }, 'RangeError: bucket: expected text that UTF-8 can say'],
      ['odd headers', { headers: [['a']] }, 'TypeError: headers[0]: expected [name, value], got a list'],
      ['a text as header', { headers: [['a', 'b']] }, 'TypeError: headers[0]: expected a Buffer or null, got a string'],
      ['no time', { timestampMs: NaN }, 'TypeError: timestampMs: expected milliseconds since 1970, got a number'],
      ['a long key', { key: Buffer.alloc(65_536) }, 'RangeError: key: expected 0 to 65535 bytes, got 65536'],
    ])('%s is refused, as it came, and nothing else of the batch', (_, made, cause) => {
      const { seen, refused, run } = scene();
      const batch = batchOfRun('b', [encodeFrame('b', '1'), encodeFrame('b', '2'), encodeFrame('b', '3')]);
      const returned = (message: Message): unknown =>
        typeof made === 'object' && made !== null && !(made instanceof Promise) ? { ...message, ...made } : made;
      const outcomes = run(batch, identity, (message) =>
        text(message) === '2' ? (returned(message) as Message) : message,
      );
      expect(outcomes).toEqual([outcomeOf('s', batch, { delivered: 2, deadLettered: 1 })]);
      expect(seen.map(messagesOf)).toEqual([['1', '3']]);
      expect(refused.map(({ part }) => part.frames[0]?.bytes)).toEqual([encodeFrame('b', '2')]);
      expect(refused[0]?.cause).toEqual({ kind: 'poison', message: `./1.js: ${cause}` });
    });

    it('names the module and the error that it threw, without the message that JSON.parse quotes', () => {
      const { refused, run } = scene();
      run(batchOf('b', ['card 4111']), (message) => ({
        ...message,
        value: Buffer.from(String(JSON.parse(text(message)))),
      }));
      expect(refused[0]?.cause.message).toMatch(/^\.\/0\.js: SyntaxError: .*"…"/);
      expect(refused[0]?.cause.message).not.toContain('4111');
    });

    it('tells of anything that is thrown, in one line that is not long', () => {
      const thrown = [new Error(`a${'b'.repeat(300)}`), new Error('one\ntwo'), 'text', undefined];
      const causes = thrown.map((error) => {
        const { refused, run } = scene();
        run(batchOf('b', ['1']), () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- users may
          throw error;
        });
        return refused[0]?.cause.message;
      });
      expect(causes).toEqual([
        `./0.js: Error: a${'b'.repeat(192)}…`,
        './0.js: Error: one',
        './0.js: it threw a string',
        './0.js: it threw a undefined',
      ]);
    });
  });

  describe('what users do to a message', () => {
    const given = (): Batch => batchOfRun('b', [encodeFrame('b', 'secret', 'k'), encodeFrame('b', 'open', 'k')]);

    it('in its bytes: is a change, and none for other streams', () => {
      const { seen, run } = scene();
      const batch = given();
      run(batch, (message) => {
        if (text(message) === 'secret') message.value?.fill('x');
        return message;
      });
      expect(messagesOf(batch)).toEqual(['secret', 'open']);
      expect(seen.map(messagesOf)).toEqual([['xxxxxx', 'open']]);
    });

    it('in its fields: is a change', () => {
      const { seen, run } = scene();
      run(given(), (message) => Object.assign(message, { value: Buffer.from('masked') }));
      expect(seen.map(messagesOf)).toEqual([['masked', 'masked']]);
    });

    it('to its headers: is refused', () => {
      const { refused, run } = scene();
      run(given(), (message) => {
        (message.headers as unknown[]).push(['a', null]);
        return message;
      });
      expect(refused.map(({ part }) => messagesOf(part))).toEqual([['secret', 'open']]);
    });

    it('later, with what it kept: changes nothing', () => {
      const { seen, run } = scene();
      const kept: Message[] = [];
      run(given(), (message) => {
        kept.push(message);
        return text(message) === 'open' ? saying('x')(message) : message;
      });
      for (const { value } of kept) value?.fill(0);
      expect(seen.map(messagesOf)).toEqual([['secret', 'x']]);
    });
  });

  describe('how a changed message is written', () => {
    const changed = (encoded: Buffer, change: (message: Message) => object, emptyKey?: 'null'): readonly object[] => {
      const { seen, run } = scene(emptyKey);
      run(batchOfRun('b', [encoded], 1234.5), (message) => ({ ...message, ...change(message) }));
      return seen.flatMap(told);
    };

    it('as a version 1 frame, where it came as one that can say all of it', () => {
      expect(changed(encodeFrame('b', '1', 'k'), saying('2'))).toEqual([{ ...FRAME, key: 'k', value: '2' }]);
      expect(changed(encodeFrame('b', '1'), () => ({ key: Buffer.alloc(255, 'k') }))).toMatchObject([
        { isRecord: false },
      ]);
    });

    it('as a record with the time of its arrival, where it says more', () => {
      const record = { ...FRAME, isRecord: true, timestampMs: 1234, key: 'k', value: '1' };
      const frame = encodeFrame('b', '1', 'k');
      expect(changed(frame, () => ({ headers: [['h', Buffer.from('v')]] }))).toEqual([{ ...record, headerCount: 1 }]);
      expect(changed(frame, () => ({ key: null }))).toEqual([{ ...record, key: null }]);
      expect(changed(frame, () => ({ value: null }))).toEqual([{ ...record, value: null }]);
      expect(changed(frame, () => ({ timestampMs: 9 }))).toEqual([{ ...record, timestampMs: 9 }]);
      expect(changed(frame, () => ({ key: Buffer.alloc(256, 'k') }))).toMatchObject([
        { isRecord: true, timestampMs: 1234 },
      ]);
    });

    it('with a key that is empty, or null where the stream says so', () => {
      const withHeader = (): object => ({ headers: [['h', null]] });
      expect(changed(encodeFrame('b', '1'), withHeader)).toMatchObject([{ key: '' }]);
      expect(changed(encodeFrame('b', '1'), withHeader, 'null')).toMatchObject([{ key: null }]);
      expect(changed(encodeRecord('b', '1', { key: '' }), withHeader, 'null')).toMatchObject([{ key: '' }]);
    });

    it('as a record with all that it said, where it came as one; its partition stays with its bucket', () => {
      const record = encodeRecord('b', '1', { key: 'k', timestampMs: 7, partition: 3, headers: [['h', 'v']] });
      const same = { isRecord: true, timestampMs: 7, partition: 3, headerCount: 1, key: 'k', value: '1' };
      expect(changed(record, saying('2'))).toEqual([{ ...same, value: '2' }]);
      expect(changed(record, () => ({ bucket: 'x' }))).toEqual([{ ...same, partition: undefined }]);
    });

    it('a tombstone stays one', () => {
      expect(changed(encodeRecord('b', null, { key: 'k' }), () => ({ bucket: 'x' }))).toMatchObject([{ value: null }]);
    });
  });

  it('shows a message as it came', () => {
    const seen: Message[] = [];
    const record = encodeRecord('b', null, {
      timestampMs: 7,
      headers: [
        ['h', 'v'],
        ['n', null],
      ],
    });
    scene().run(batchOfRun('b', [encodeFrame('b', '1', 'k'), record], 5), (message) => {
      seen.push(message);
      return message;
    });
    expect(seen).toEqual([
      { bucket: 'b', key: Buffer.from('k'), value: Buffer.from('1'), headers: [], timestampMs: 5 },
      {
        bucket: 'b',
        key: null,
        value: null,
        headers: [
          ['h', Buffer.from('v')],
          ['n', null],
        ],
        timestampMs: 7,
      },
    ]);
  });

  it('holds what is made anew until the slowest outcome, and releases it once', () =>
    marbles(({ cold, expectObservable, flush }) => {
      const { held, passing } = scene();
      const batch = batchOf('b', ['1', '2']);
      const bytesAt: number[] = [];
      const slow: Deliver = (part) =>
        defer(() => {
          bytesAt.push(held.bytes);
          const outcome = outcomeOf('s', part, { delivered: part.count });
          return cold(part.bucket === 'x' ? '---(o|)' : '-(o|)', { o: outcome });
        });
      const operator = {
        name: 'a',
        apply: (message: Message) => ({ ...message, bucket: text(message) === '1' ? 'x' : 'b' }),
      };
      const result$ = passing([operator])(slow)(batch);
      expect(held.bytes).toBe(0);
      expectObservable(result$).toBe('---(o|)', { o: outcomeOf('s', batch, { delivered: 2 }) });
      flush();
      const bytes = encodeFrame('x', '1').length;
      expect(bytesAt).toEqual([bytes, bytes]);
      expect(held.bytes).toBe(0);
    }));

  it('early unsubscribe: releases what it held', () =>
    marbles(({ cold, expectObservable, flush }) => {
      const { held, passing } = scene();
      const result$ = passing([{ name: 'a', apply: saying('changed') }])(() => cold('-'))(batchOf('b', ['1']));
      expectObservable(result$, '--!').toBe('-');
      flush();
      expect(held.bytes).toBe(0);
    }));

  it('error: passes on the error of the delivery, and releases what it held', () =>
    marbles(({ cold, expectObservable, flush }) => {
      const { held, passing } = scene();
      expectObservable(passing([{ name: 'a', apply: saying('x') }])(() => cold('-#'))(batchOf('b', ['1']))).toBe('-#');
      flush();
      expect(held.bytes).toBe(0);
    }));

  it('law: whatever operators do, each message is in one column, in order, and what is unchanged keeps its bytes', async () => {
    const what = fc.constantFrom('keep', 'change', 'drop', 'throw', 'promise', 'route');
    const message = fc.record({ what, body: fc.string({ maxLength: 4 }), record: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(message, { minLength: 1, maxLength: 6 }), { maxLength: 4 }), async (runs) => {
        const { seen, refused, held, through } = scene();
        let n = 0;
        const encoded = runs.map((run) =>
          run.map(({ what: does, body, record }) => {
            const value = `${n++}|${does}|${body}`;
            return { value, bytes: record ? encodeRecord('b', value, { key: 'k' }) : encodeFrame('b', value, 'k') };
          }),
        );
        const batch: Batch = {
          ...batchOf('b', []),
          frames: encoded.map((run): Frames => ({
            ...frames('b', []),
            ...{ bytes: Buffer.concat(run.map(({ bytes }) => bytes)), count: run.length },
          })),
          count: n,
        };
        const apply: MessageOperator = (one) => {
          switch (text(one).split('|')[1]) {
            case 'drop':
              return undefined;
            case 'throw':
              throw new Error('no');
            case 'promise':
              return Promise.resolve(one) as unknown as Message;
            case 'route':
              return { ...one, bucket: 'x' };
            case 'change':
              return saying(text(one).replace('change', 'CHANGED'))(one);
            default:
              return one;
          }
        };
        const outcomes = await lastValueFrom(through(apply)(batch).pipe(toArray()));
        expect(outcomes.map(spokenFor)).toEqual([n]);
        expect(held.bytes).toBe(0);

        const all = encoded.flat();
        const of_ = (...does: readonly string[]) => all.filter(({ value }) => does.includes(value.split('|')[1] ?? ''));
        const [outcome] = outcomes;
        expect(outcome?.sampledOut).toBe(of_('drop').length);
        expect(outcome?.deadLettered).toBe(of_('throw', 'promise').length);
        const inBucket = (bucket: string): Buffer =>
          Buffer.concat(
            seen.filter((part) => part.bucket === bucket).flatMap((part) => part.frames.map(({ bytes }) => bytes)),
          );
        expect(Buffer.concat(refused.flatMap(({ part }) => part.frames.map(({ bytes }) => bytes)))).toEqual(
          Buffer.concat(of_('throw', 'promise').map(({ bytes }) => bytes)),
        );
        const texts = (bucket: string): readonly string[] =>
          seen.filter((part) => part.bucket === bucket).flatMap(messagesOf);
        expect(texts('x')).toEqual(of_('route').map(({ value }) => value));
        expect(texts('b')).toEqual(of_('keep', 'change').map(({ value }) => value.replace('change', 'CHANGED')));
        for (const { bytes } of of_('keep')) expect(inBucket('b').includes(bytes)).toBe(true);
        for (const { frames: parts, count, bytes } of seen) {
          expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(count);
          if (seen[0] !== batch) expect(parts.reduce((sum, part) => sum + part.bytes.length, 0)).toBe(bytes);
        }
      }),
    );
  });
});
