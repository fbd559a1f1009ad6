import { firstValueFrom, from, map, Observable, race, tap, timer } from 'rxjs';
import {
  NO_OPTIONS,
  SinkError,
  type Batch,
  type Cause,
  type Env,
  type Receipt,
  type Rest,
  type Sink,
  type Spool,
  type StreamOptions,
} from '../../model';
import { createBucketFile, type BucketFile } from './bucketFile';
import type { BucketFileSettings } from './bucketFileParts';
import { createHealth } from './health';
import { keepForReaders, keepToSendOn } from './keeping';
import { createNames } from './names';
import type { Entry } from './queue';
import { createFileSlots } from './slots';
import type { Template } from './template';

export interface FileSettings extends BucketFileSettings {
  readonly path: string;
  readonly template: Template;
  readonly maxFiles: number;
}

const LIMITS = {
  /** Files open at once; beyond it the one that has been idle longest is closed, and opened again when needed. */
  open: 256,
  /** Owners whose file is remembered while it is closed. */
  remembered: 10_000,
};
const CLOSE_WITHIN_MS = 10_000;

/**
 * A file sink whose folder is there, or may come. With `spools` its files wait to be sent on.
 *
 *     write ─▶ bucketFile ───▶ currentFile ─────────▶ opener ─────────────────▶ openFile
 *              queue, append,  open, sync, rotate,    which file it is: names,  one owner
 *              cut back        close; rescue          families, adopt, repair   a path
 *
 * `keeping` chooses what files are for: to be read (`opener`, `retention`) or to be sent on (all of `spooling/`).
 */
export const openFileSink = (
  settings: FileSettings,
  env: Env,
  options: Pick<StreamOptions, 'emptyKey' | 'spools'> = NO_OPTIONS,
  limits = LIMITS,
): Sink => {
  const names = createNames(settings.template, env);
  const toSendOn = options.spools ? keepToSendOn(settings, options, names, env) : undefined;
  const { form, opener, probe, done } = toSendOn ?? keepForReaders(settings, names, env);
  const slots = createFileSlots(limits.open);
  const health = createHealth(probe, env.scheduler);
  const files = new Map<string | undefined, BucketFile>();
  const forgotten = new Set<Promise<void>>();
  let closed = false;

  const forgetOne = (): void => {
    for (const [owner, file] of files) {
      if (!file.isDormant()) continue;
      files.delete(owner);
      const closing = file.close().finally(() => forgotten.delete(closing));
      forgotten.add(closing);
      return;
    }
  };

  const fileOf = (bucket: string): BucketFile => {
    const owner = names.ownerOf(bucket);
    const there = files.get(owner);
    if (there) return there;
    if (files.size >= limits.remembered) forgetOne();
    const file = createBucketFile(bucket, { opener, form, slots, settings, attempted: health.attempted, env });
    files.set(owner, file);
    return file;
  };

  const errorOf = (batch: Batch, cause: Cause, written: Rest['written']): SinkError =>
    new SinkError(env.name, [{ batch, cause, written }]);

  const write = (batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> =>
    new Observable((subscriber) => {
      const entry: Entry = {
        batch,
        bytes: form.bytesOf(batch),
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
    await Promise.all([...[...files.values()].map((file) => file.close()), ...forgotten]);
    await done();
  };

  const spool: Spool | undefined = toSendOn && {
    files: (closes) =>
      toSendOn.list(() => Promise.all([...[...files.values()].map((file) => file.end(closes)), ...forgotten]), closes),
  };

  return {
    write,
    ...(spool && { spool }),
    health$: health.health$,
    close: () => {
      closed = true;
      const late$ = timer(CLOSE_WITHIN_MS, env.scheduler).pipe(
        tap(() =>
          env.log.error('file: a disk does not answer; closing without it', { stream: env.name, path: settings.path }),
        ),
        map(() => undefined),
      );
      return firstValueFrom(race(from(closeAll()), late$)).finally(health.close);
    },
  };
};
