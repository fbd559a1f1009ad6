import { NEVER, Subject, concat, map, of, throwError } from 'rxjs';
import { type Decoded, isFrames, isRefused } from '../../src/model';
import { type DecodeFramesOptions, decodeFrames } from '../../src/operators/decodeFrames';
import { encodeFrame } from '../../src/wire/frame';
import { anOrigin, messagesOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const options = (more: Partial<DecodeFramesOptions> = {}): DecodeFramesOptions => ({
  maxFrame: 1024,
  now: () => 0,
  origin: anOrigin(),
  ...more,
});

const frame = encodeFrame('b', 'm');
const chunks = {
  f: frame,
  h: frame.subarray(0, 5),
  t: frame.subarray(5),
  g: Buffer.concat([encodeFrame('b', '1'), encodeFrame('c', '2'), Buffer.alloc(4)]),
  x: Buffer.from('ffffffff', 'hex'),
};

/** `b:m` for frames, the reason for a refusal. */
const brief = (decoded: Decoded): string =>
  isFrames(decoded)
    ? `${decoded.bucket}:${messagesOf({ frames: [decoded] }).join()}`
    : isRefused(decoded)
      ? decoded.reason
      : `sync ${decoded.token}`;
const values = { f: 'b:m', 1: 'b:1', 2: 'c:2', m: 'malformed', t: 'truncated', n: 'not_frames' };

describe('decodeFrames', () => {
  it.each([
    ['never', '     ---', '       ---', '      ^--'],
    ['empty', '     |', '         |', '        !'],
    ['one', '       -f-|', '      -f-|', '     ^--!'],
    ['halves', '    -h-t-|', '    ---f-|', '   ^----!'],
    ['many', '      -f-g-----f|', '-f-(12m)-f|', '^---------!'],
    ['a cut end', ' -f-h-|', '    -f---(t|)', ' ^----!'],
    ['an error', '  -h-#', '      ---#', '     ^--!'],
    ['no frames', ' -f-x-f-|', '  -f-(n|)', '   ^--!'],
  ])('%s', (_, source, expected, subscribed) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(source.trim(), chunks);
      expectObservable(source$.pipe(decodeFrames(options()), map(brief))).toBe(expected.trim(), values);
      expectSubscriptions(source$.subscriptions).toBe(subscribed.trim() === '!' ? '(^!)' : subscribed.trim());
    });
  });

  it('unsubscribes early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -f-h-t-|', chunks);
      const unsub = '       ----!';
      const subs = '        ^---!';
      const expected = '    -f---';
      expectObservable(source.pipe(decodeFrames(options()), map(brief)), unsub).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('tells of each chunk before, and after it what is pending', () => {
    const seen: (string | number)[] = [];
    const source = new Subject<Buffer>();
    source
      .pipe(
        decodeFrames(
          options({
            beforeChunk: (bytes) => seen.push(`read ${bytes}`),
            afterChunk: (pending) => seen.push(pending),
          }),
        ),
        map(brief),
      )
      .subscribe((one) => seen.push(one));
    source.next(Buffer.concat([frame, chunks.h]));
    source.next(chunks.t);
    source.next(chunks.h);
    source.complete();
    expect(seen).toEqual(['read 13', 'b:m', 5, 'read 3', 'b:m', 0, 'read 5', 5, 'truncated', 0]);
  });

  it('fails when the clock throws', () => {
    const broken = new Error('no clock');
    const errors: unknown[] = [];
    const now = (): number => {
      throw broken;
    };
    concat(of(frame), NEVER)
      .pipe(decodeFrames(options({ now })))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    throwError(() => broken)
      .pipe(decodeFrames(options()))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([broken, broken]);
  });
});
