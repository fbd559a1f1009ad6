/** `kahets/client`: sends messages to the daemon of this host. */
export { ConnectionError } from './connect';
export { ClosedError, QueueFullError, TimeoutError } from './producer/errors';
export type { MessageOptions, Producer, ProducerCounts, ProducerOptions } from './producer/api';
export { createProducer } from './producer/producer';
export type { SyncResult, SyncStatus } from './producer/syncs';
export type { Bytes } from '../wire/byteWriter';
export type { RecordOptions } from '../wire/record';
