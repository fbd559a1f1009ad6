import fc from 'fast-check';
import { concatMap, from, map, of, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Frames } from '../../src/model';
import { journal } from '../../src/pipelines/journal';
import { anOrigin, frames } from '../../src/testing/builders';

const arrivals = fc.array(fc.record({ gapMs: fc.nat(5), recovered: fc.boolean() }), { maxLength: 40 });
const writeMs = fc.array(fc.nat(10), { minLength: 1, maxLength: 10 });

describe('law: journal', () => {
  it('passes on the very runs that came, in order, each after its write has ended, whatever writes take', () => {
    fc.assert(
      fc.property(arrivals, writeMs, (input, times) => {
        const runs = input.map(({ recovered }, n) => frames('b', [String(n)], { ...anOrigin(), recovered }));
        const scheduler = new TestScheduler(() => true);
        const writtenAt = new Map<Frames, number>();
        const passed: { run: Frames; atMs: number }[] = [];
        let calls = 0;
        let completed = false;
        scheduler.run(() => {
          from(input)
            .pipe(
              concatMap(({ gapMs }, n) =>
                (gapMs === 0 ? of(0) : timer(gapMs, scheduler)).pipe(map(() => runs[n] ?? frames('b', []))),
              ),
              journal((written) => {
                const ms = times[calls++ % times.length] ?? 0;
                for (const run of written) writtenAt.set(run, scheduler.now() + ms);
                return ms === 0 ? [] : timer(ms, scheduler);
              }),
            )
            .subscribe({
              next: (run) => passed.push({ run, atMs: scheduler.now() }),
              complete: () => (completed = true),
            });
        });
        const live = (run: Frames): boolean => !run.origin.recovered;
        const out = passed.map(({ run }) => run);
        expect(out.filter(live)).toEqual(runs.filter(live));
        expect(out.filter((run) => !live(run))).toEqual(runs.filter((run) => !live(run)));
        expect(new Set(out).size).toBe(runs.length);
        for (const { run, atMs } of passed) if (live(run)) expect(writtenAt.get(run)).toBe(atMs);
        expect([...writtenAt.keys()].every(live)).toBe(true);
        expect(completed).toBe(true);
      }),
    );
  });
});
