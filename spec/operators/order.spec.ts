import { createOrder } from '../../src/operators/order';
import { completed } from '../support/completed';

const known = (maxBuckets?: number) => {
  const order = createOrder(maxBuckets);
  order.listing();
  order.listed(new Set());
  return order;
};

describe('createOrder', () => {
  it('diverts every bucket until the backup was listed', () => {
    const order = createOrder();
    expect(order.diverted()).toBeUndefined();
    const entered = order.enter('a');
    expect(entered.way).toBe('backup');
    order.leave(entered);
    order.listing();
    order.listed(new Set(['b']));
    expect(order.diverted()).toEqual(new Set(['b']));
    expect(order.enter('a').way).toBe('primary');
    expect(order.enter('b').way).toBe('backup');
  });

  it('keeps diverted what a listing may not have seen', () => {
    const order = createOrder();
    const before = order.enter('before');
    order.listing();
    const during = order.enter('during');
    order.toBackup('during');
    order.leave(during);
    order.leave(before);
    order.listed(new Set());
    expect(order.diverted()).toEqual(new Set(['before', 'during']));
  });

  it('knows no more after a listing that may have missed something', () => {
    const order = createOrder();
    order.listing();
    order.listed(undefined);
    expect(order.diverted()).toBeUndefined();
  });

  it('diverts a bucket, once, and tells those beside', () => {
    const order = known();
    const entered = order.enter('a');
    const told = jest.fn();
    entered.diverted$.subscribe(told);
    entered.divert();
    entered.divert();
    expect(told).toHaveBeenCalledTimes(1);
    expect(order.diverted()).toEqual(new Set(['a']));
  });

  it('forgets a bucket whose writes have ended, unless it is diverted', () => {
    const order = known(1);
    for (const bucket of ['a', 'b', 'c']) order.leave(order.enter(bucket));
    const diverted = order.enter('d');
    diverted.divert();
    order.leave(diverted);
    // With more than one remembered, all would be diverted now.
    expect(order.diverted()).toEqual(new Set(['d']));
  });

  it('holds a diverted bucket until nothing of it is under way, and releases it', () => {
    const order = known();
    const entered = order.enter('a');
    const turn = entered.line.join();
    entered.divert();
    const isHeld = completed(order.hold('a'));
    expect(entered.way).toBe('held');
    expect(isHeld()).toBe(false);
    turn.end();
    expect(isHeld()).toBe(true);
    const told = jest.fn();
    entered.released$.subscribe(told);
    order.release('a', 'primary');
    expect(told).toHaveBeenCalledTimes(1);
    expect(entered.way).toBe('primary');
    order.release('a', 'backup');
    expect(entered.way).toBe('primary');
  });

  it('holds nothing of a bucket that goes to the primary', () => {
    const order = known();
    const entered = order.enter('a');
    expect(completed(order.hold('a'))()).toBe(true);
    expect(completed(order.hold('unheard'))()).toBe(true);
    expect(entered.way).toBe('primary');
  });

  it('diverts all where more than `maxBuckets` are, and tells those under way; a shorter list ends that', () => {
    const order = known(2);
    const told = jest.fn();
    const other = order.enter('other');
    other.diverted$.subscribe(told);
    for (const bucket of ['a', 'b']) {
      const entered = order.enter(bucket);
      entered.divert();
      order.leave(entered);
    }
    expect(order.diverted()).toBeUndefined();
    expect(told).toHaveBeenCalledTimes(1);
    const entered = order.enter('new');
    expect(entered.way).toBe('backup');
    order.listing();
    order.listed(new Set(['a', 'b', 'c']));
    expect(order.diverted()).toBeUndefined();
    order.leave(other);
    order.leave(entered);
    order.listing();
    order.listed(new Set(['a']));
    expect(order.diverted()).toEqual(new Set(['a']));
  });

  it('stays so where too many are written to while it lists', () => {
    const order = createOrder(2);
    order.listing();
    for (const bucket of ['a', 'b', 'c']) order.toBackup(bucket);
    order.listed(new Set());
    expect(order.diverted()).toBeUndefined();
  });
});
