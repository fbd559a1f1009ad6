import type { Batch, Env, SpoolFile, StreamOptions } from '../../model';
import { LONGER_BY, toRecords } from '../../wire/toRecords';
import { createCatalogue, type OwnFile } from './spooling/catalogue';
import { createCloseLeftovers } from './spooling/leftovers';
import type { Names } from './names';
import { createOpener, type Opener, type OpenerSettings } from './opener';
import { createFileOrder } from './ownFiles';
import { probe } from './probe';
import { createRetention } from './retention';
import { createRoom } from './spooling/room';
import { createSpoolOpener } from './spooling/spoolOpener';

/** How a batch lies in a file. */
export interface Form {
  /** Bytes, at most. */
  readonly bytesOf: (batch: Batch) => number;
  readonly buffersOf: (batch: Batch) => readonly Buffer[];
}

export interface KeepingSettings extends OpenerSettings {
  readonly maxFiles: number;
}

/** What files are for: it decides how they are named and filled, and how many there may be. */
export interface Keeping {
  readonly form: Form;
  readonly opener: Opener;
  /** Rejects with what keeps files from being written. */
  readonly probe: () => Promise<void>;
  /** Resolves when nothing is under way beside the writing. */
  readonly done: () => Promise<void>;
}

/** Files that others read: exactly the bytes that clients sent, and the oldest make room for new ones. */
export const keepForReaders = (settings: KeepingSettings, names: Names, env: Env): Keeping => {
  const retention = createRetention(settings.maxFiles, names, env);
  return {
    form: { bytesOf: ({ bytes }) => bytes, buffersOf: ({ frames }) => frames.map(({ bytes }) => bytes) },
    opener: createOpener(settings, names, env, retention),
    probe: () => probe(settings.path),
    done: retention.done,
  };
};

/** Files that are to be sent on: with the time of arrival, and none is deleted. */
export interface KeepingToSendOn extends Keeping {
  /** @param close closes what may be closed of what is open */
  readonly list: (close: () => Promise<unknown>, closes: (bucket: string) => boolean) => Promise<readonly SpoolFile[]>;
}

export const keepToSendOn = (
  settings: KeepingSettings,
  { emptyKey }: Pick<StreamOptions, 'emptyKey'>,
  names: Names,
  env: Env,
): KeepingToSendOn => {
  const order = createFileOrder();
  const catalogue = createCatalogue(settings.path, names, order, env);
  const room = createRoom(settings, catalogue, names, env);
  const opener = createSpoolOpener(settings, names, env, { order, catalogue, room });
  const closeLeftovers = createCloseLeftovers(settings, names, env, opener);
  const isOwn = (path: string): boolean => order.placeOf(path) > 0;
  let last: Promise<unknown> = Promise.resolve();

  const listNow = async (
    close: () => Promise<unknown>,
    closes: (bucket: string) => boolean,
  ): Promise<readonly SpoolFile[]> => {
    await close();
    const { parts, headless, closed } = await catalogue.list();
    const left = parts.filter(({ path, bucket }) => !isOwn(path) || closes(bucket));
    if (left.length + headless.length === 0) return closed.map(toSpoolFile);
    await closeLeftovers({ parts: left, headless }, isOwn);
    return (await catalogue.list()).closed.map(toSpoolFile);
  };

  const toSpoolFile = ({ path, bytes, bucket, madeMs }: OwnFile): SpoolFile => ({
    ...{ path, bytes, madeMs },
    bucket: names.ownerOf(bucket),
    own: isOwn(path),
  });

  return {
    form: {
      bytesOf: ({ bytes, count }) => bytes + count * LONGER_BY,
      buffersOf: ({ frames }) => frames.map((run) => toRecords(run, emptyKey)),
    },
    opener,
    probe: async () => {
      await probe(settings.path);
      await room.probe();
    },
    done: () => Promise.resolve(),
    list: (close, closes) => {
      const listed = last.then(() => listNow(close, closes));
      last = listed.catch(() => undefined);
      return listed;
    },
  };
};
