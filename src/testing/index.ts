/** For those who test what they build on kahets. It needs `describe`, `it` and `expect` as Jest has them. */
export * from './builders';
export { describeSink, type OpenedSink, type SinkConformance } from './describeSink';
export { marbles, type Marbles } from './marbles';
