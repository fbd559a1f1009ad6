import { createHeld } from '../../src/control/held';
import { type HalfFrames, type MayRead, createHalfFrames } from '../../src/pipelines/halfFrames';
import type { Held } from '../../src/model';
import { type Marbles, marbles } from '../../src/testing/marbles';

const FRAME_TIMEOUT = 160;

/**
 * Half frames of a daemon with a high mark of 1,000 bytes, and who of connections 1 to 3 may be read. Virtual time goes on while there is a timer, so each
 * spec closes what it opens.
 */
const setUp = (
  { scheduler }: Marbles,
  areThereDroppers = false,
): { held: Held; half: HalfFrames; read: () => readonly number[]; drops: { value: boolean } } => {
  const held = createHeld({ high: 1000, low: 500 });
  const drops = { value: areThereDroppers };
  const half = createHalfFrames({
    ...{ held, highMark: 1000, frameTimeoutMs: FRAME_TIMEOUT, scheduler },
    drops: () => drops.value,
  });
  let mayRead: MayRead = () => false;
  half.reading$.subscribe((next) => (mayRead = next));
  return { held, half, drops, read: () => [1, 2, 3].filter((connection) => mayRead(connection)) };
};

describe('createHalfFrames', () => {
  it('lets everybody be read, and nobody while memory is full', () =>
    marbles((m) => {
      const { held, read } = setUp(m);
      expect(read()).toEqual([1, 2, 3]);
      held.charge(1000);
      expect(read()).toEqual([]);
      held.release(500);
      expect(read()).toEqual([1, 2, 3]);
    }));

  it('reads only the oldest over half of the mark, until it is whole', () =>
    marbles((m) => {
      const { half, read } = setUp(m);
      const [one, two, three] = [half.open(1), half.open(2), half.open(3)];
      two.progress(200, true);
      one.progress(200, true);
      two.progress(300, false);
      expect(read()).toEqual([1, 2, 3]);
      three.progress(1, true);
      expect(read()).toEqual([2]);
      two.progress(600, false);
      expect(read()).toEqual([2]);
      two.progress(310, true);
      expect(read()).toEqual([1]);
      one.progress(0, true);
      expect(read()).toEqual([1, 2, 3]);
      for (const each of [one, two, three]) each.close();
    }));

  it('goes on when the oldest closes', () =>
    marbles((m) => {
      const { half, read } = setUp(m);
      const [one, two] = [half.open(1), half.open(2)];
      one.progress(300, true);
      two.progress(600, true);
      expect(read()).toEqual([1]);
      one.close();
      expect(read()).toEqual([2]);
      two.close();
      expect(read()).toEqual([1, 2, 3]);
    }));

  it('reads the oldest though memory is full, once nothing but half frames fills it', () =>
    marbles((m) => {
      const { held, half, read } = setUp(m);
      const one = half.open(1);
      held.charge(1100);
      one.progress(600, true);
      expect(read()).toEqual([]);
      held.release(400);
      m.scheduler.schedule(() => {
        expect(read()).toEqual([1]);
        one.close();
        held.release(700);
        expect(read()).toEqual([1, 2, 3]);
      }, FRAME_TIMEOUT / 16);
    }));

  it('reads the oldest though memory is full below their limit, where a large process has halved the marks', () =>
    marbles((m) => {
      let rss = 0;
      const held = createHeld({
        high: 1000,
        low: 500,
        process: { memory: () => rss, limit: 1, relieve: () => undefined },
      });
      const half = createHalfFrames({ held, highMark: 1000, frameTimeoutMs: FRAME_TIMEOUT, scheduler: m.scheduler });
      let mayRead: MayRead = () => false;
      half.reading$.subscribe((next) => (mayRead = next));
      const one = half.open(1);
      rss = 1;
      held.charge(400);
      one.progress(400, true);
      held.charge(300);
      expect([1, 2].filter((connection) => mayRead(connection))).toEqual([]);
      held.release(300);
      m.scheduler.schedule(() => {
        expect([1, 2].filter((connection) => mayRead(connection))).toEqual([1]);
        one.close();
        held.release(400);
        expect([1, 2].filter((connection) => mayRead(connection))).toEqual([1, 2]);
      }, FRAME_TIMEOUT / 16);
    }));

  describe('with buckets that drop', () => {
    it('reads on their connections and new ones while memory is full', () =>
      marbles((m) => {
        const { held, half, read } = setUp(m, true);
        const [one, two] = [half.open(1), half.open(2)];
        one.dropping(true);
        two.dropping(false);
        expect(read()).toEqual([1, 2, 3]);
        held.charge(1000);
        expect(half.full).toBe(true);
        expect(read()).toEqual([1, 3]);
        one.dropping(false);
        expect(read()).toEqual([3]);
        held.release(500);
        expect(half.full).toBe(false);
        expect(read()).toEqual([1, 2, 3]);
        for (const each of [one, two]) each.close();
      }));

    it('lets only the oldest of their half frames grow once there are too many', () =>
      marbles((m) => {
        const { held, half, read } = setUp(m, true);
        const [one, two, three] = [half.open(1), half.open(2), half.open(3)];
        for (const each of [one, two, three]) each.dropping(true);
        held.charge(1000);
        two.progress(400, true);
        one.progress(101, true);
        expect(read()).toEqual([2, 3]);
        two.progress(0, true);
        expect(read()).toEqual([1, 2, 3]);
        for (const each of [one, two, three]) each.close();
      }));

    it('reads no more of them once there are no such buckets, though memory is still full', () =>
      marbles((m) => {
        const { held, half, read, drops } = setUp(m, true);
        const one = half.open(1);
        one.dropping(true);
        held.charge(1000);
        expect(read()).toEqual([1, 2, 3]);
        drops.value = false;
        expect(read()).toEqual([]);
        one.close();
      }));

    it('forgets a connection that has ended', () =>
      marbles((m) => {
        const { held, half, read } = setUp(m, true);
        const one = half.open(1);
        one.dropping(false);
        held.charge(1000);
        expect(read()).toEqual([2, 3]);
        one.close();
        expect(read()).toEqual([1, 2, 3]);
      }));
  });

  it('tells who made no progress for the time', () =>
    marbles((m) => {
      const { half } = setUp(m);
      const [one, two] = [half.open(1), half.open(2)];
      one.progress(1, true);
      two.progress(1, true);
      m.scheduler.schedule(() => two.progress(2, false), 100);
      m.scheduler.schedule(() => two.progress(0, true), 255);
      m.expectObservable(one.stalled$).toBe('170ms x', { x: undefined });
      m.expectObservable(two.stalled$).toBe('-');
      one.stalled$.subscribe(() => one.close());
    }));

  it('stops the clock of those it does not read', () =>
    marbles((m) => {
      const { half, held } = setUp(m);
      const one = half.open(1);
      one.progress(1, true);
      m.scheduler.schedule(() => held.charge(1000), 51);
      m.scheduler.schedule(() => held.release(1000), 1001);
      m.expectObservable(one.stalled$).toBe('1120ms x', { x: undefined });
      one.stalled$.subscribe(() => one.close());
    }));

  it('has no timer without half frames', () =>
    marbles((m) => {
      const { half } = setUp(m);
      const one = half.open(1);
      one.progress(1, true);
      one.progress(0, true);
      const late = FRAME_TIMEOUT / 8;
      m.scheduler.schedule(() => expect(m.scheduler.actions).toEqual([]), late);
    }));
});
