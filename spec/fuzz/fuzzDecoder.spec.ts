import { createDecoder, type Decoder, type DecoderOptions } from '../../src/wire/decoder';
import { fuzzDecoder, Misread } from './fuzzDecoder';

const FRAMES = 20_000;

/** A decoder with a defect. */
const broken =
  (defect: (chunk: Buffer, sound: Decoder) => ReturnType<Decoder['push']>) =>
  (options: DecoderOptions): Decoder => {
    const sound = createDecoder(options);
    return {
      push: (chunk) => defect(chunk, sound),
      end: () => sound.end(),
      get pending() {
        return sound.pending;
      },
      get done() {
        return sound.done;
      },
    };
  };

describe('fuzzDecoder', () => {
  it('finds nothing in the decoder', () => {
    const { frames, refused } = fuzzDecoder({ seed: 1, frames: FRAMES });
    expect(frames).toBeGreaterThanOrEqual(FRAMES);
    // Each way in which a frame can be wrong came up.
    expect(Object.keys(refused).sort()).toEqual(['malformed', 'not_frames', 'too_large', 'truncated']);
  });

  it.each([
    ['loses what it decoded', broken((chunk, sound) => sound.push(chunk).slice(1))],
    [
      'reads a byte wrong',
      broken((chunk, sound) => sound.push(chunk.fill(0, chunk.length >> 1, (chunk.length >> 1) + 1))),
    ],
    ['forgets the bytes it keeps', broken((chunk, sound) => (sound.pending > 0 ? sound.end() : sound.push(chunk)))],
    [
      'counts a refusal twice',
      broken((chunk, sound) =>
        sound.push(chunk).map((one) => ('reason' in one ? { ...one, count: one.count * 2 } : one)),
      ),
    ],
  ])('finds a decoder that %s', (_, decoder) => {
    expect(() => fuzzDecoder({ seed: 1, frames: FRAMES, decoder })).toThrow(Misread);
  });

  it('repeats a stream by its seed', () => {
    const decoder = broken((chunk, sound) => sound.push(chunk).slice(1));
    const first = (seed: number): Misread => {
      try {
        fuzzDecoder({ seed, frames: FRAMES, decoder });
      } catch (error) {
        if (error instanceof Misread) return error;
      }
      throw new Error('nothing was found');
    };
    const found = first(1);
    expect(first(found.seed)).toEqual(found);
  });
});
