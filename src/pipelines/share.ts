import type { BackupConfig } from '../config/buckets';
import type { CheckedSink, Held, Share } from '../model';

interface SharedStream {
  readonly config: { readonly backup?: BackupConfig };
  readonly primary: Pick<CheckedSink, 'share'>;
}

/**
 * What a stream may hold: what its own settings say, and with a backup its part of the low mark, which is half of the high one. What
 * waits for all streams together, even if they all hang, then never keeps reading from going on. A single stream stops nobody else: it
 * may fill the memory before its backup takes over.
 */
export const shareOf = (
  { config: { backup }, primary: { share } }: SharedStream,
  { high }: Pick<Held, 'high'>,
  streams: number,
): Share | undefined =>
  backup && streams > 1
    ? {
        messages: share?.messages ?? Infinity,
        bytes: share?.bytes ?? Infinity,
        heldBytes: Math.floor(high / 2 / streams),
      }
    : share;
