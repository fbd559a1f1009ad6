/** `kahets/client`: sends messages to the daemon of this host. */
export { ConnectionError } from './connect';
export { ClosedError, QueueFullError, TimeoutError } from './producer/errors';
export {
  createProducer,
  type MessageOptions,
  type Producer,
  type ProducerCounts,
  type ProducerOptions,
} from './producer/producer';
export type { SyncStatus, SyncResult } from './producer/syncs';
