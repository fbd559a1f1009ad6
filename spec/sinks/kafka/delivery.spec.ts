import { Delivery, decide, type Ended, type Holder } from '../../../src/sinks/kafka/delivery';
import { batchOf, messagesOf } from '../../../src/testing/builders';

const holder: Holder = { giveUp: () => undefined };
const acknowledged = { kind: 'acknowledged', maybeTwice: false } as const;

const deliver = (messages: readonly string[]) => {
  const ended: Ended[] = [];
  const delivery = new Delivery(batchOf('b', messages), (all) => ended.push(...all), 0);
  return { delivery, ended };
};

describe('Delivery', () => {
  it('ends when the last part has its fate, with the batch whole where that is one', () => {
    const { delivery, ended } = deliver(['1', '2', '3']);
    const [first, second] = [delivery.newPart(holder), delivery.newPart(holder)];
    delivery.assign(first, 1);
    delivery.assign(second, 2);
    delivery.settle(second, acknowledged);
    expect([delivery.ended, ended]).toEqual([false, []]);
    delivery.settle(first, acknowledged);
    expect([delivery.ended, ended]).toEqual([true, [{ batch: delivery.batch, fate: acknowledged }]]);
  });

  it('takes the batch apart where fates differ', () => {
    const { delivery, ended } = deliver(['1', '2', '3']);
    const part = delivery.newPart(holder);
    delivery.assign(part, 2);
    delivery.poison(1, 'too large');
    delivery.settle(part, acknowledged);
    expect(ended.map(({ batch, fate }) => [fate.kind, messagesOf(batch)])).toEqual([
      ['acknowledged', ['1', '2']],
      ['failed', ['3']],
    ]);
  });

  it('lets go of the record batch of every part that has its fate, so that overlapping ones are not kept', () => {
    const { delivery } = deliver(['1', '2']);
    const [first, second] = [delivery.newPart(holder), delivery.newPart(holder)];
    delivery.assign(first, 1);
    delivery.assign(second, 1);
    delivery.settle(first, acknowledged);
    decide(second, { kind: 'moved' });
    expect(delivery.parts.map((part) => part.holder)).toEqual([undefined, undefined]);
  });
});
