/**
 * `kahets/testing`: for those who test what they build on kahets. The marble helper, and the laws of a sink, use the globals `describe`,
 * `it` and `expect` as Jest has them (Vitest too, with `globals: true`); builders and the fake sink need no test runner.
 *
 * @packageDocumentation
 */
export * from './builders';
export { describeSink, type OpenedSink, type SinkConformance } from './describeSink';
export { createFakeSink, type FakeBehaviour, type FakeSink, type FakeSinkOptions, type Taken } from './fakeSink';
export { marbles, type Marbles } from './marbles';
export { openSink } from './openSink';
export { written, type Written } from './written';
