import * as E from 'fp-ts/Either';
import type { BackupConfig } from '../../config/buckets';
import type { CheckedSink, Problem } from '../../model';

/** Whether what the backup takes can be sent on, and in the order that is asked for. */
export const checkReplay = (
  path: string,
  backup: BackupConfig | undefined,
  sink: CheckedSink | undefined,
): E.Either<readonly Problem[], unknown> => {
  if (!backup || backup.replay === false || !sink) return E.right(undefined);
  const got = JSON.stringify(backup.replay);
  if (sink.replayable === undefined) {
    const expected = `false, since what a sink of the type ${backup.type} has taken cannot be sent on`;
    return E.left([{ path: `${path}.backup.replay`, expected, got }]);
  }
  if (backup.replay !== 'ordered' || sink.replayable === 'perBucket') return E.right(undefined);
  const expected =
    'true or false, or {bucket} in the fileNameTemplate: order is kept bucket by bucket, in files of its own';
  return E.left([{ path: `${path}.backup.replay`, expected, got }]);
};
