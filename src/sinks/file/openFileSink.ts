import { firstValueFrom, from, map, Observable, race, tap, timer } from 'rxjs';
import { SinkError, type Batch, type Cause, type Env, type Receipt, type Rest, type Sink } from '../../model';
import { createBucketFile, type BucketFile } from './bucketFile';
import type { BucketFileSettings } from './currentFile';
import { createHealth } from './health';
import { createNames } from './names';
import { createOpener } from './opener';
import { probe } from './probe';
import type { Entry } from './queue';
import { createRetention } from './retention';
import { createFileSlots } from './slots';
import type { Template } from './template';

export interface FileSettings extends BucketFileSettings {
  readonly path: string;
  readonly template: Template;
  readonly maxFiles: number;
}

/** Files open at once; beyond it the one that has been idle longest is closed, and opened again when needed. */
const MOST_OPEN = 256;
/** Owners whose file is remembered while it is closed. */
const MOST_REMEMBERED = 10_000;
const CLOSE_WITHIN_MS = 10_000;

/** A file sink whose folder is there, or may come. */
export const openFileSink = (settings: FileSettings, env: Env, mostOpen = MOST_OPEN): Sink => {
  const names = createNames(settings.template, env);
  const retention = createRetention(settings.maxFiles, names, env);
  const opener = createOpener(settings, names, env, retention);
  const slots = createFileSlots(mostOpen);
  const health = createHealth(() => probe(settings.path), env.scheduler);
  const files = new Map<string | undefined, BucketFile>();
  let closed = false;

  const forgetOne = (): void => {
    for (const [owner, file] of files) {
      if (!file.isDormant()) continue;
      files.delete(owner);
      return;
    }
  };

  const fileOf = (bucket: string): BucketFile => {
    const owner = names.ownerOf(bucket);
    const there = files.get(owner);
    if (there) return there;
    if (files.size >= MOST_REMEMBERED) forgetOne();
    const file = createBucketFile(bucket, { opener, slots, settings, attempted: health.attempted, env });
    files.set(owner, file);
    return file;
  };

  const errorOf = (batch: Batch, cause: Cause, written: Rest['written']): SinkError =>
    new SinkError(env.name, [{ batch, cause, written }]);

  const write = (batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> =>
    new Observable((subscriber) => {
      const entry: Entry = {
        batch,
        succeed: () => {
          subscriber.next({ sink: env.name, batch, how: 'delivered', maybeTwice: false });
          subscriber.complete();
        },
        fail: (cause, written) => subscriber.error(errorOf(batch, cause, written)),
      };
      if (batch.count === 0) {
        entry.succeed();
        return;
      }
      if (closed) {
        entry.fail({ kind: 'unavailable', message: `${settings.path}: the sink is closed` }, 'no');
        return;
      }
      const file = fileOf(batch.bucket);
      let queued = false;
      const giveUp = (): void => {
        if (!queued || file.giveUp(entry))
          entry.fail({ kind: 'gave_up', message: 'told to stop before it was written' }, 'no');
      };
      subscriber.add(giveUp$.subscribe({ next: giveUp, error: giveUp }));
      if (subscriber.closed) return;
      queued = true;
      file.push(entry);
    });

  const closeAll = async (): Promise<void> => {
    await Promise.all([...files.values()].map((file) => file.close()));
    await retention.done();
    health.close();
  };

  return {
    write,
    health$: health.health$,
    close: () => {
      closed = true;
      const late$ = timer(CLOSE_WITHIN_MS, env.scheduler).pipe(
        tap(() =>
          env.log.error('file: a disk does not answer; closing without it', { stream: env.name, path: settings.path }),
        ),
        map(() => undefined),
      );
      return firstValueFrom(race(from(closeAll()), late$));
    },
  };
};
