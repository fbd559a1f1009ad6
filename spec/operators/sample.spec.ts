import { of } from 'rxjs';
import type { Batch, Deliver, Outcome } from '../../src/model';
import { sample } from '../../src/operators/sample';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { batchOf, frames, messagesOf, outcomeOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

/** Gives the numbers one after the other. */
const chances = (numbers: readonly number[]): (() => number) => {
  const left = [...numbers];
  return () => left.shift() ?? 0;
};

const deliverTo =
  (seen: Batch[]): Deliver =>
  (batch) => {
    seen.push(batch);
    return of(outcomeOf('s', batch, { delivered: batch.count }));
  };

const outcomesOf = (deliver: Deliver, batch: Batch): readonly Outcome[] => {
  const outcomes: Outcome[] = [];
  deliver(batch).subscribe((outcome) => outcomes.push(outcome));
  return outcomes;
};

describe('sample', () => {
  it('slice 1: is the delivery itself', () => {
    const deliver: Deliver = () => of();
    expect(sample(1, () => 0.99)(deliver)).toBe(deliver);
  });

  it('slice 0: delivers nothing and counts all as sampled out', () => {
    const seen: Batch[] = [];
    const batch = batchOf('b', ['1', '2']);
    expect(outcomesOf(sample(0, () => 0)(deliverTo(seen)), batch)).toEqual([outcomeOf('s', batch, { sampledOut: 2 })]);
    expect(seen).toEqual([expect.objectContaining({ frames: [], count: 0, bytes: 0 })]);
  });

  it('keeps each message whose chance is below the slice, across runs', () => {
    const seen: Batch[] = [];
    const runs = [frames('b', ['1', '2', '3']), frames('b', ['4'])];
    const batch: Batch = { bucket: 'b', frames: runs, count: 4, bytes: 0, closedBy: 'count' };
    const outcomes = outcomesOf(sample(0.5, chances([0.4, 0.5, 0.1, 0.9]))(deliverTo(seen)), batch);
    expect(seen.map(messagesOf)).toEqual([['1', '3']]);
    expect(seen[0]?.bytes).toBe(seen[0]?.frames.reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(outcomes).toEqual([outcomeOf('s', batch, { delivered: 2, sampledOut: 2 })]);
  });

  it('keeps records whole, beside version 1 frames', () => {
    const seen: Batch[] = [];
    const [first, second, third] = [
      encodeRecord('b', null, { key: 'k', timestampMs: 1, headers: [['h', null]] }),
      encodeFrame('b', '2'),
      encodeRecord('b', '3', { partition: 3 }),
    ];
    const bytes = Buffer.concat([first, second, third]);
    const batch: Batch = { ...batchOf('b', []), frames: [{ ...frames('b', []), bytes, count: 3 }], count: 3 };
    const outcomes = outcomesOf(sample(0.5, chances([0.1, 0.9, 0.1]))(deliverTo(seen)), batch);
    expect(seen[0]?.frames[0]?.bytes).toEqual(Buffer.concat([first, third]));
    expect(outcomes).toEqual([outcomeOf('s', batch, { delivered: 2, sampledOut: 1 })]);
  });

  it('copies what it keeps', () => {
    const seen: Batch[] = [];
    const batch = batchOf('b', ['1']);
    outcomesOf(sample(0.5, () => 0)(deliverTo(seen)), batch);
    expect(seen[0]?.frames[0]?.bytes).toEqual(batch.frames[0]?.bytes);
    expect(seen[0]?.frames[0]?.bytes).not.toBe(batch.frames[0]?.bytes);
  });

  it('error: passes on the error of the delivery', () =>
    marbles(({ cold, expectObservable }) => {
      const deliver: Deliver = () => cold('--#');
      expectObservable(sample(0.5, () => 0)(deliver)(batchOf('b', ['1']))).toBe('--#');
    }));
});
