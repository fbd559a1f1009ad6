/** A client of the daemon's socket that is answered. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Synced } from '../../src/model';
import { createSyncedReader } from '../../src/wire/sync';
import { connectTo } from './client';

export interface SyncClient {
  readonly socket: Socket;
  readonly answers: readonly Synced[];
  /** Resolves when there are so many answers. Rejects when the connection closes before. */
  readonly answered: (count: number) => Promise<readonly Synced[]>;
  readonly closed: Promise<void>;
}

export const openSyncClient = async (path: string): Promise<SyncClient> => {
  const socket = await connectTo(path, { allowHalfOpen: true });
  const answers: Synced[] = [];
  const read = createSyncedReader();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    answers.push(...read(bytes));
    socket.emit('answered');
  });
  // The daemon has said all that it has to say.
  socket.on('end', () => socket.destroy());
  return {
    socket,
    answers,
    closed,
    answered: async (count) => {
      while (answers.length < count) {
        const isOver = await Promise.race([once(socket, 'answered').then(() => false), closed.then(() => true)]);
        if (isOver && answers.length < count) throw new Error(`closed after ${answers.length} of ${count} answers`);
      }
      return answers;
    },
  };
};
