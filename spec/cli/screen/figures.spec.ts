import { bytesText, rateText, shortCount, spanText } from '../../../src/cli/screen/figures';

it.each([
  [0, '0'],
  [12_345, '12,345'],
  [999_999, '999,999'],
  [1_234_567, '1.2M'],
  [12_345_678_901, '12.3B'],
])('shortCount %d', (count, text) => {
  expect(shortCount(count)).toBe(text);
});

it.each([
  [0, '0'],
  [0.25, '0.3'],
  [9.96, '10.0'],
  [1234.5, '1,235'],
])('rateText %d', (rate, text) => {
  expect(rateText(rate)).toBe(text);
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KB'],
  [250 << 20, '250 MB'],
  [5e15, '4547 TB'],
])('bytesText %d', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

it.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [3_720_000, '1 h 2 min'],
  [100 * 3_600_000, '4 d 4 h'],
])('spanText %d', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});
