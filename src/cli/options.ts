import { InvalidArgumentError } from 'commander';
import * as E from 'fp-ts/Either';
import type * as t from 'io-ts';
import { HttpAddress } from '../config/envCodecs';
import { decodeWith, durationIn, integerIn, numberIn, sizeIn } from '../sinks/codecs';

const DAY_MS = 86_400_000;
const MAX_PER_SECOND = 10_000_000;

/** Takes the text of an option as a setting of that kind is taken in `buckets.json`. */
const parsed =
  <A>(codec: t.Type<A, unknown>) =>
  (text: string): A => {
    const value = decodeWith(codec)(text, '');
    if (E.isRight(value)) return value.right;
    throw new InvalidArgumentError(`Expected ${value.left.map(({ expected }) => expected).join(', ')}.`);
  };

/** `10s`, `500`: milliseconds. */
export const duration = parsed(durationIn(1, DAY_MS));
/** `9410`, `host:9410`, the path of a UNIX socket. */
export const httpAddress = parsed(HttpAddress);
export const count = parsed(integerIn(1));
/** Of messages that are shown: so many a second, and so much of each. */
export const shownRate = parsed(integerIn(1, 1_000));
export const shownBytes = parsed(sizeIn(1, 64 * 1024));
/** A second. */
export const rate = parsed(numberIn(0.001, MAX_PER_SECOND));

/** For options that may be given more than once. */
export const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

/** A regular expression of JavaScript. */
export const pattern = (text: string): RegExp => {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression: ${error instanceof Error ? error.message : ''}`);
  }
};

/** `2026-11-23T12:00:00Z`, or a time ago, `15m`: milliseconds since 1970. */
export const moment =
  (now: () => number) =>
  (text: string): number => {
    const ago = decodeWith(durationIn(0, 3650 * DAY_MS))(text, '');
    const ms = /[a-z]$/.test(text) && E.isRight(ago) ? now() - ago.right : Date.parse(text);
    if (!Number.isNaN(ms)) return ms;
    throw new InvalidArgumentError('Expected a time such as 2026-11-23T12:00:00Z, or one ago such as 15m.');
  };
