import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import { Observable, of } from 'rxjs';
import type { Env, Health, Receipt, Sink } from '../model';
import { decodeWith } from './codecs';
import { defineSink } from './defineSink';

const openBlackhole = (env: Env): Sink => {
  let messages = 0;
  let bytes = 0;
  return {
    write: (batch) =>
      new Observable<Receipt>((subscriber) => {
        messages += batch.count;
        bytes += batch.bytes;
        subscriber.next({ sink: env.name, batch, how: 'delivered', maybeTwice: false });
        subscriber.complete();
      }),
    health$: of<Health>({ state: 'up' }),
    close: () => {
      env.log.info('blackhole closed', { stream: env.name, messages, bytes });
      return Promise.resolve();
    },
  };
};

/**
 * Counts messages and forgets them: for benchmarks, and the smallest example of a sink. It has no settings.
 *
 *     write   a--b--c
 *     receipt a--b--c   at once; giveUp$ never comes in time
 */
export const blackhole = defineSink({
  decode: decodeWith(t.UnknownRecord),
  open: (_, env) => TE.right(openBlackhole(env)),
});
