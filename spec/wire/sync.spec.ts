import fc from 'fast-check';
import type { Status, Synced } from '../../src/model';
import { createSyncedReader, encodeSync, encodeSynced, isSyncBody, NoAnswer, syncToken } from '../../src/wire/sync';
import { fromHex } from '../vectors/frames';
import { answers, noAnswers, syncs } from '../vectors/syncs';

describe('a sync', () => {
  it.each(syncs)('is written and read: $name', ({ bytes, token }) => {
    const frame = fromHex(bytes);
    expect(encodeSync(token)).toEqual(frame);
    expect(isSyncBody(frame, 4, frame.length - 4)).toBe(true);
    expect(syncToken(frame, 4)).toBe(token);
  });

  it.each([-1, 0.5, 2 ** 32, NaN])('has no token %d', (token) => {
    expect(() => encodeSync(token)).toThrow(
      new RangeError(`token: expected a whole number from 0 to 4294967295, got ${token}`),
    );
  });
});

describe('the answer to a sync', () => {
  it.each(answers)('is written and read: $name', ({ bytes, token, status, messages }) => {
    expect(encodeSynced({ token, status, messages })).toEqual(fromHex(bytes));
    expect(createSyncedReader()(fromHex(bytes))).toEqual([{ token, status, messages }]);
  });

  it.each(noAnswers)('is none: $name', ({ bytes }) => {
    expect(() => createSyncedReader()(fromHex(bytes))).toThrow(NoAnswer);
  });

  it('is awaited where nothing, or half of it, has come', () => {
    const read = createSyncedReader();
    const synced: Synced = { token: 5, status: 1, messages: 3 };
    const bytes = encodeSynced(synced);
    expect([Buffer.alloc(0), bytes.subarray(0, 1), bytes.subarray(1, 18)].flatMap(read)).toEqual([]);
    expect(read(bytes.subarray(18))).toEqual([synced]);
  });

  it('law: is read however the bytes are cut, from memory that is used again', () => {
    const synced = fc.record({
      token: fc.nat({ max: 0xffffffff }),
      status: fc.constantFrom<Status>(0, 1, 2),
      messages: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(fc.array(synced), fc.array(fc.integer({ min: 1, max: 40 })), (all, lengths) => {
        const bytes = Buffer.concat(all.map(encodeSynced));
        const read = createSyncedReader();
        const found: Synced[] = [];
        let at = 0;
        for (const length of [...lengths, bytes.length]) {
          const chunk = Buffer.from(bytes.subarray(at, at + length));
          found.push(...read(chunk));
          chunk.fill(0xdd);
          at += length;
        }
        expect(found).toEqual(all);
      }),
    );
  });
});
