import fc from 'fast-check';
import { concat, from, lastValueFrom, mergeMap, NEVER, of, tap, throwError, timer, type Observable } from 'rxjs';
import { SinkError, type Batch, type Env, type Receipt, type Write } from '../../src/model';
import { credit } from '../../src/operators/credit';
import { sample } from '../../src/operators/sample';
import { settle } from '../../src/operators/settle';
import { withBackup } from '../../src/operators/withBackup';
import { withSinkErrors } from '../../src/operators/withSinkErrors';
import { bucketPipeline, type Route } from '../../src/pipelines/bucket';
import { noSegments } from '../support/accepted';
import { spokenRow } from '../support/books';
import { anOrigin, batchOf, delivered, frames, messagesOf, testEnv } from '../../src/testing/builders';

const behaviours = ['takes', 'fails', 'half', 'throws'] as const;
type Behaviour = (typeof behaviours)[number];

/** A sink that does with each batch as told, a little later. */
const sinkThat = (plan: readonly Behaviour[]): Write => {
  const left = [...plan];
  return (batch) => timer(0).pipe(mergeMap(() => answer(batch, left.shift() ?? 'takes')));
};

const answer = (batch: Batch, behaviour: Behaviour): Observable<Receipt> => {
  const fail = (part: Batch) =>
    throwError(
      () => new SinkError('s', [{ batch: part, cause: { kind: 'unavailable', message: 'down' }, written: 'unknown' }]),
    );
  const messages = messagesOf(batch);
  const half = Math.floor(messages.length / 2);
  if (behaviour === 'takes') return of(delivered(batch));
  if (behaviour === 'fails') return fail(batch);
  if (behaviour === 'throws') return throwError(() => new Error('a defect'));
  return concat(of(delivered(batchOf('b', messages.slice(0, half)))), fail(batchOf('b', messages.slice(half))));
};

const routeOf = (
  env: Env,
  kafka: readonly Behaviour[],
  backup: readonly Behaviour[],
  copy: readonly Behaviour[],
): Route => ({
  limits: { count: 3, bytes: Infinity, ms: 1 },
  streams: [
    {
      id: 'kafka',
      deliver: settle(
        'kafka',
        NEVER,
      )(withBackup(withSinkErrors('b')(sinkThat(backup)), 1)(withSinkErrors('k')(sinkThat(kafka)))),
    },
    { id: 'copy', deliver: sample(0.5, env.random)(settle('copy', NEVER)(sinkThat(copy))) },
  ],
});

describe('law: the ledger', () => {
  it('adds up at every moment, whatever the sinks do, and nothing stays held', async () => {
    const plan = fc.array(fc.constantFrom(...behaviours), { maxLength: 8 });
    const runSizes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(runSizes, plan, plan, plan, async (sizes, kafka, backup, copy) => {
        const env = testEnv({ random: Math.random });
        const origin = anOrigin();
        const check = (): void => {
          for (const row of env.ledger.rows()) expect(spokenRow(row)).toBe(row.received);
        };
        const runs = sizes.map((size) =>
          frames(
            'b',
            Array.from({ length: size }, (_, i) => `m${i}`),
            origin,
          ),
        );
        for (const run of runs) {
          env.held.charge(run.bytes.length);
          origin.open += run.count;
        }
        const settled$ = from(runs).pipe(
          tap(check),
          bucketPipeline('b', routeOf(env, kafka, backup, copy), NEVER, { ...env, segments: noSegments }),
          credit(env),
          tap(check),
        );
        await lastValueFrom(settled$, { defaultValue: undefined });
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(env.ledger.rows().map(({ received, held }) => ({ received, held }))).toEqual([
          { received: total, held: 0 },
          { received: total, held: 0 },
        ]);
        expect(env.held.bytes).toBe(0);
        expect(origin.open).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
