/** Backup files as an earlier daemon has left them, for a stream to files whose backup is sent on to it. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { numberedFrame } from '../../../support/numbered';
import { BUCKET, oneBucket, toFiles } from './scene';

export const MAIN_FOLDER = 'main';
export const BACKUP_FOLDER = 'backup';

/** Before all that a daemon makes now. */
const FIRST_TS = 1_600_000_000;

/** @param settings of the stream itself */
export const withReplay = (settings: Readonly<Record<string, unknown>> = {}, replayRate = 1): unknown =>
  oneBucket({
    main: toFiles(MAIN_FOLDER, settings, {
      backup: {
        type: 'file',
        settings: { path: BACKUP_FOLDER, fileNameTemplate: '{bucket}{PS}{ts}' },
        replay: true,
        replayRate,
      },
      failover: { retryMs: 500 },
    }),
  });

/** The frames of messages `first` to below `next`. */
export const framesOf = (first: number, next: number): Buffer =>
  Buffer.concat(Array.from({ length: next - first }, (_, i) => numberedFrame(BUCKET, first + i)));

/** Writes backup file `index`; returns its path. */
export const writeBackup = async (folder: string, index: number, bytes: Uint8Array): Promise<string> => {
  const backup = path.join(folder, BACKUP_FOLDER, BUCKET);
  await mkdir(backup, { recursive: true });
  const file = path.join(backup, String(FIRST_TS + index));
  await writeFile(file, bytes);
  return file;
};
