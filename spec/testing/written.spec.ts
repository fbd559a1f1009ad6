import { concat, EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import { SinkError, type Write } from '../../src/model';
import { batchOf, delivered, unavailable } from '../../src/testing/builders';
import { written } from '../../src/testing/written';
import { failsWhenTold } from '../support/writes';

const [one, two, both] = [batchOf('b', ['1']), batchOf('b', ['2']), batchOf('b', ['1', '2'])];
const failure = new SinkError('place', [unavailable(two)]);

describe('written', () => {
  it('never: begins at once, and waits', async () => {
    let begun = 0;
    const write: Write = () => {
      begun += 1;
      return NEVER;
    };
    const ended = written({ write }, one);
    expect(begun).toBe(1);
    expect(await Promise.race([ended, Promise.resolve('waits')])).toBe('waits');
  });

  it('empty: neither receipts nor rest', async () =>
    expect(await written({ write: () => EMPTY }, batchOf('b', []))).toEqual({ receipts: [], rest: [] }));

  it('one, many: its receipts', async () => {
    const receipts = [delivered(one), delivered(two)];
    expect(await written({ write: () => of(...receipts) }, both)).toEqual({ receipts, rest: [] });
  });

  it('error: the rest, beside the receipts that came before', async () => {
    const write: Write = () =>
      concat(
        of(delivered(one)),
        throwError(() => failure),
      );
    expect(await written({ write }, both)).toEqual({ receipts: [delivered(one)], rest: [unavailable(two)] });
  });

  it('an error of another kind is a defect of the sink', async () => {
    const cause = new Error('a defect');
    await expect(written({ write: () => throwError(() => cause) }, one)).rejects.toMatchObject({
      message: 'a write failed with something that is no SinkError',
      cause,
    });
  });

  it('a write that throws rejects with what it throws', async () =>
    expect(
      written(
        {
          write: () => {
            throw new Error('a defect');
          },
        },
        one,
      ),
    ).rejects.toThrow('a defect'));

  it('is told to give up', async () => {
    const giveUp$ = new Subject<void>();
    const ended = written({ write: failsWhenTold(failure) }, two, giveUp$);
    giveUp$.next();
    expect(await ended).toEqual({ receipts: [], rest: [unavailable(two)] });
  });
});
