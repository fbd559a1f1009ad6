import { batchOf } from '../../../src/testing/builders';
import { openFake } from './openFake';

it('an answer that refuses a thousand topics changes the health once', async () => {
  const { sink, brokers, write, turn } = openFake();
  brokers.topic = () => ({ code: 29, leaders: [] });
  const seen: string[] = [];
  sink.health$.subscribe(({ state }) => seen.push(state));
  for (let n = 0; n < 1000; n += 1) write(batchOf(`topic${n}`, ['1']));
  await turn();
  expect(seen).toEqual(['up', 'topicsDown']);
});
