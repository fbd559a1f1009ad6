import * as E from 'fp-ts/Either';
import { kafka } from '../../src/sinks/kafka';

describe('kafka', () => {
  it.each([
    [{}, undefined],
    [{ 'message.timeout.ms': '0' }, undefined],
    [{ 'message.timeout.ms': '60000' }, 60_000],
  ])('gives up a message without a backup only where the user bounds it: %p', (settings, deadlineMs) => {
    const checked = kafka({ 'bootstrap.servers': 'k:9092', ...settings }, 'settings');
    expect(checked).toEqual(E.right(expect.objectContaining({ deadlineMs })));
  });
});
