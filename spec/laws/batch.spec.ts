import fc from 'fast-check';
import { bufferCount, concatMap, from, map, NEVER, of, timer, toArray } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Batch, Frames } from '../../src/model';
import { batch } from '../../src/operators/batch';
import { frames, messagesOf } from '../../src/testing/builders';

interface Arrival {
  readonly gapMs: number;
  readonly messages: number;
}

const arrivals = fc.array(fc.record({ gapMs: fc.nat(20), messages: fc.integer({ min: 1, max: 4 }) }), {
  maxLength: 40,
});

/** What the docstring says, over a list: [time of closing, what closed it, messages]. */
const model = (input: readonly Arrival[], count: number, ms: number): readonly unknown[] => {
  const closed: unknown[] = [];
  let open: { since: number; messages: number } | undefined;
  let now = 0;
  for (const { gapMs, messages } of input) {
    now += gapMs;
    if (open && open.since + ms < now) {
      closed.push([open.since + ms, 'time', open.messages]);
      open = undefined;
    }
    open ??= { since: now, messages: 0 };
    open.messages += messages;
    if (open.messages >= count) {
      closed.push([now, 'count', open.messages]);
      open = undefined;
    }
  }
  if (open) closed.push([now, 'end', open.messages]);
  return closed;
};

/** Runs `batch` on a virtual clock: [time, what closed it, messages]. */
const run = (input: readonly Arrival[], count: number, ms: number): readonly unknown[] => {
  const scheduler = new TestScheduler(() => true);
  const closed: unknown[] = [];
  scheduler.run(() => {
    from(input)
      .pipe(
        concatMap(({ gapMs, messages }) => {
          const next = frames(
            'b',
            Array.from({ length: messages }, () => 'm'),
          );
          return gapMs === 0 ? of(next) : timer(gapMs, scheduler).pipe(map(() => next));
        }),
        batch({ count, ms, bytes: Infinity }, NEVER, { scheduler }),
      )
      .subscribe((one) => closed.push([scheduler.now(), one.closedBy, one.count]));
  });
  return closed;
};

describe('law: batch', () => {
  it('closes when its docstring says, for any arrivals and limits', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 50 }), (input, count, ms) => {
        // Half a millisecond keeps the timer from meeting an arrival, where either order is right.
        expect(run(input, count, ms + 0.5)).toEqual(model(input, count, ms + 0.5));
      }),
    );
  });

  it('equals bufferCount when every run holds one message and time has no end', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 10 }), (messages, count) => {
        const runs = messages.map((message) => frames('b', [message]));
        const contents = (batches: readonly Batch[]): readonly (readonly string[])[] => batches.map(messagesOf);
        let ours: readonly (readonly string[])[] = [];
        let theirs: readonly (readonly Frames[])[] = [];
        from(runs)
          .pipe(batch({ count, ms: 1e9, bytes: Infinity }, NEVER), toArray())
          .subscribe((all) => (ours = contents(all)));
        from(runs)
          .pipe(bufferCount(count), toArray())
          .subscribe((all) => (theirs = all));
        expect(ours).toEqual(theirs.map((buffer) => buffer.flatMap((one) => messagesOf({ frames: [one] }))));
      }),
    );
  });
});
