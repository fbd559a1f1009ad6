import { map, mergeMap, take, throwError } from 'rxjs';
import type { SinkError, Write } from '../../src/model';
import { delivered } from './builders';

/** Hangs until it is told to give up, and then fails with `error`. */
export const failsWhenTold =
  (error: SinkError): Write =>
  (_, giveUp$) =>
    giveUp$.pipe(
      take(1),
      mergeMap(() => throwError(() => error)),
    );

/** Shows when it is told to give up, by a receipt of `sink` then. */
export const takesWhenTold =
  (sink: string): Write =>
  (batch, giveUp$) =>
    giveUp$.pipe(
      take(1),
      map(() => delivered(batch, sink)),
    );
