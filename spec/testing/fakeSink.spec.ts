import { firstValueFrom, NEVER, take } from 'rxjs';
import { SinkError, type Cause } from '../../src/model';
import { withRetry } from '../../src/operators/withRetry';
import { batchOf, delivered, partOf } from '../../src/testing/builders';
import { describeSink } from '../../src/testing/describeSink';
import { createFakeSink, type FakeBehaviour } from '../../src/testing/fakeSink';
import { marbles } from '../../src/testing/marbles';

describeSink('the fake sink', {
  open: () => {
    const fake = createFakeSink({ answerMs: 0 });
    return Promise.resolve({ fake, sink: fake.open(), stored: (bucket) => Promise.resolve(fake.stored(bucket)) });
  },
  outage: {
    begin: ({ fake }) => {
      fake.setHealth({ state: 'down', cause: 'unplugged' });
      return Promise.resolve();
    },
    end: ({ fake }) => {
      fake.setHealth({ state: 'up' });
      return Promise.resolve();
    },
  },
});

const a = batchOf('b', ['1', '2']);
const b = batchOf('b', ['3']);

const refused: Cause = { kind: 'unavailable', message: 'the fake sink does not take it' };
const gaveUp: Cause = { kind: 'gave_up', message: 'told to give up' };
const failed = (cause: Cause, written: 'no' | 'unknown', batch = a): SinkError =>
  new SinkError('fake', [{ batch, cause, written }]);

describe('createFakeSink', () => {
  it('never: waits for nothing while nothing is written', () => {
    const fake = createFakeSink();
    expect([fake.taken, fake.stored('b'), fake.waiting()]).toEqual([[], [], 0]);
  });

  it('answers after a while, one request of a bucket after the other', () =>
    marbles(({ expectObservable, flush, scheduler }) => {
      const fake = createFakeSink({ scheduler });
      const { write } = fake.open('s');
      expectObservable(fake.taken$).toBe('(ac)-b', {
        a: { bucket: 'b', messages: ['1', '2'] },
        b: { bucket: 'b', messages: ['3'] },
        c: { bucket: 'c', messages: [] },
      });
      expectObservable(write(a, NEVER)).toBe(' 5ms (a|)', { a: delivered(a, 's') });
      expectObservable(write(b, NEVER)).toBe('10ms (b|)', { b: delivered(b, 's') });
      expectObservable(write(batchOf('c', []), NEVER)).toBe('5ms |');
      flush();
      expect(fake.taken.slice(0, 2)).toEqual([
        { bucket: 'b', messages: ['1', '2'] },
        { bucket: 'c', messages: [] },
      ]);
      expect([fake.stored('b'), fake.stored('x'), fake.waiting()]).toEqual([['1', '2', '3'], [], 0]);
    }));

  it.each<readonly [FakeBehaviour, string, 'no' | 'unknown', readonly string[]]>([
    ['refuses', '5ms #', 'no', []],
    ['loses', '100ms #', 'unknown', []],
    ['swallows', '100ms #', 'unknown', ['1', '2']],
    ['lies', '5ms #', 'unknown', ['1', '2']],
  ])('%s: fails as one that does not try again', (behaviour, expected, written, stored) =>
    marbles(({ expectObservable, flush, scheduler }) => {
      const fake = createFakeSink({ scheduler, retries: false });
      fake.behave(behaviour);
      expectObservable(fake.open().write(a, NEVER)).toBe(expected, undefined, failed(refused, written));
      flush();
      expect([fake.stored('b'), fake.waiting()]).toEqual([stored, 0]);
    }),
  );

  it.each<readonly [FakeBehaviour, 'no' | 'unknown']>([
    ['refuses', 'no'],
    ['loses', 'unknown'],
    ['swallows', 'unknown'],
    ['lies', 'unknown'],
    ['hangs', 'no'],
  ])('%s: tries again until it is told to give up, and says what may be there', (behaviour, written) =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const fake = createFakeSink({ scheduler });
      fake.behave(behaviour);
      const giveUp = cold(' 300ms x');
      const expected = '    300ms #';
      expectObservable(fake.open().write(a, giveUp)).toBe(expected, undefined, failed(gaveUp, written));
    }),
  );

  it.each<FakeBehaviour>(['refuses', 'loses', 'swallows', 'lies', 'hangs'])(
    '%s: then answers what waited, in order, and takes nothing twice',
    (behaviour) =>
      marbles(({ cold, expectObservable, flush, scheduler }) => {
        const fake = createFakeSink({ scheduler, noAnswerMs: 5 });
        fake.behave(behaviour);
        const { write } = fake.open();
        cold('18ms x').subscribe(() => fake.behave('answers'));
        const first = behaviour === 'hangs' ? '23ms (a|)' : '25ms (a|)';
        expectObservable(write(a, NEVER)).toBe(first, { a: delivered(a, 'fake') });
        const second = behaviour === 'hangs' ? '28ms (b|)' : '30ms (b|)';
        expectObservable(write(b, NEVER)).toBe(second, { b: delivered(b, 'fake') });
        flush();
        expect(fake.stored('b')).toEqual(['1', '2', '3']);
      }),
  );

  it('may be told how to behave by who hears what it took: from the next request on', () =>
    marbles(({ expectObservable, flush, scheduler }) => {
      const fake = createFakeSink({ scheduler, retries: false });
      const { write } = fake.open();
      fake.taken$.pipe(take(1)).subscribe(() => fake.behave('refuses'));
      expectObservable(write(a, NEVER)).toBe('5ms (a|)', { a: delivered(a, 'fake') });
      expectObservable(write(b, NEVER)).toBe('10ms #', undefined, failed(refused, 'no', b));
      flush();
      expect(fake.stored('b')).toEqual(['1', '2']);
    }));

  it('never takes what is poison, and takes what is beside it', () =>
    marbles(({ expectObservable, scheduler }) => {
      const fake = createFakeSink({ scheduler, isPoison: (message) => message === '1' });
      const [good, bad] = [partOf(a, (message) => message === '2'), partOf(a, (message) => message === '1')];
      const cause: Cause = { kind: 'poison', message: 'the fake sink never takes it' };
      expectObservable(fake.open().write(a, NEVER)).toBe(
        '5ms (a#)',
        { a: delivered(good, 'fake') },
        failed(cause, 'no', bad),
      );
    }));

  it('refuses one bucket alone while that is down', async () => {
    const fake = createFakeSink({ answerMs: 0, retries: false });
    const sink = fake.open();
    fake.setHealth({ state: 'topicsDown', topics: new Map([['b', 'no such topic']]) });
    expect(await firstValueFrom(sink.health$)).toMatchObject({ state: 'topicsDown' });
    await expect(firstValueFrom(sink.write(a, NEVER))).rejects.toEqual(failed(refused, 'no'));
    const other = batchOf('c', ['x']);
    expect(await firstValueFrom(sink.write(other, NEVER))).toEqual(delivered(other, 'fake'));
  });

  it('gives up what it will not answer when it is closed', async () => {
    const fake = createFakeSink({ answerMs: 0 });
    const sink = fake.open();
    fake.behave('hangs');
    const hanging = expect(firstValueFrom(sink.write(a, NEVER))).rejects.toEqual(failed(gaveUp, 'no'));
    expect(fake.waiting()).toBe(1);
    await sink.close();
    await hanging;
    expect(fake.waiting()).toBe(0);
  });

  it('is a kind of sink, whatever its settings', () => {
    const { kind } = createFakeSink();
    expect(kind({ any: 'thing' }, 'settings')).toMatchObject({ _tag: 'Right', right: { warnings: [], claims: [] } });
  });

  it('shows what a combinator does with a sink that refuses', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const fake = createFakeSink({ scheduler, retries: false });
      fake.behave('refuses');
      cold('6ms x').subscribe(() => fake.behave('answers'));
      const retry = withRetry({ minMs: 10, maxMs: 10, random: () => 0.5, scheduler });
      expectObservable(retry(fake.open().write)(a, NEVER)).toBe('20ms (a|)', { a: delivered(a, 'fake') });
    }));
});
