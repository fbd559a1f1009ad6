/**
 * `kahets`: for those who build on it. The daemon inside a program ({@link createDaemon}), the contracts, what a sink is made of
 * ({@link defineSink} and the codecs of its settings), and the operators and combinators that a stream is made of.
 *
 * @packageDocumentation
 */
export * from './model';

export type { Environment } from './config/env';
export type { PlacedProblem, Position } from './config/report';
export { createDaemon } from './control/createDaemon';
export type { CreateDaemonOptions, Daemon, Ended, GivenEnv } from './control/daemonApi';
export { DaemonFailure, type FailureReason } from './control/daemonFailure';
export type { Reloaded } from './pipelines/streams';

export { batch, type BatchOptions } from './operators/batch';
export type { RunMemory } from './operators/batchMemory';
export { concatWrites } from './operators/concatWrites';
export { credit } from './operators/credit';
export { decodeFrames, type DecodeFramesOptions } from './operators/decodeFrames';
export { defineOperator, type OperatorDefinition } from './operators/defineOperator';
export { deliver } from './operators/deliver';
export { fanOut } from './operators/fanOut';
export { groupByBucket, type GroupByBucketOptions } from './operators/groupByBucket';
export { inTurn, type Attempt, type Fate } from './operators/inTurn';
export { halvePoison } from './operators/halvePoison';
export { oneByOne, type WritePart } from './operators/oneByOne';
export { cut, wholeOf, type Part } from './operators/parts';
export { sample } from './operators/sample';
export { settle } from './operators/settle';
export { watchHealth, type WatchedHealth } from './operators/watchHealth';
export { withBackup } from './operators/withBackup';
export { withBreaker, type BreakerOptions } from './operators/withBreaker';
export { withDeadLetter } from './operators/withDeadLetter';
export { withDeadline } from './operators/withDeadline';
export type { NamedOperator } from './operators/runOperators';
export { withOperators, type WithOperatorsOptions } from './operators/withOperators';
export { withRetry, type RetryOptions } from './operators/withRetry';
export { withShare, type ShareOptions } from './operators/withShare';
export { withSinkErrors } from './operators/withSinkErrors';
export { withTopicBreakers, type TopicBreakersOptions } from './operators/withTopicBreakers';

export { sinks } from './sinks';
export {
  about,
  BooleanFrom,
  Codec,
  decodeWith,
  durationIn,
  integerIn,
  maybe,
  MB,
  NonEmptyString,
  numberIn,
  oneOf,
  scalar,
  schemaOf,
  sizeIn,
  sizeText,
  withDefault,
} from './sinks/codecs';
export { defineSink, type SinkDefinition } from './sinks/defineSink';
export { childPath, kindOf } from './sinks/problems';

export { allConnections, type AllConnections } from './sources/allConnections';
export { ListenError } from './sources/listenError';
export type { SocketServerOptions } from './sources/socketServer';
export { tcpSocket, type TcpSocketOptions } from './sources/tcpSocket';
export { unixSocket, type UnixSocketOptions } from './sources/unixSocket';
export type { AllUnread } from './sources/unread';

export type { Bytes } from './wire/byteWriter';
export type { DecoderOptions } from './wire/decoder';
export { encodeFrame } from './wire/frame';
export { MessageCursor } from './wire/messageCursor';
export { encodeRecord, type RecordOptions } from './wire/record';
