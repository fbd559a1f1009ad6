import type { JsonSchema } from '../../model';
import { scalar, type Codec } from './codec';

export const isNumber = (value: unknown): value is number => typeof value === 'number';
export const isString = (value: unknown): value is string => typeof value === 'string';

const DECIMAL = '(?:\\d+\\.?\\d*|\\.\\d+)';
const NUMBER = `[-+]?${DECIMAL}(?:[eE][-+]?\\d+)?`;

/** The whole of a text, whatever blanks are around it. */
export const padded = (pattern: string): string => `^\\s*(?:${pattern})\\s*$`;

/** `word` in any case: patterns of JSON Schema have no flags. */
export const inAnyCase = (word: string): string =>
  word.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);

const WHOLE_NUMBER = new RegExp(padded(NUMBER));

/** A JSON number, or one written as text: `1000`, `"1000"`, `"0.5"`. Never NaN or infinite. */
const readNumber = (input: unknown): number | undefined => {
  const text = isNumber(input) || isString(input) ? String(input) : '';
  return WHOLE_NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
};

const within = (min: number, max: number) => (value: number | undefined) =>
  value !== undefined && value >= min && value <= max ? value : undefined;

const isBound = (max: number): boolean => max < Number.MAX_SAFE_INTEGER;

const rangeText = (min: string, max: string, isBounded: boolean): string =>
  isBounded ? `from ${min} to ${max}` : `${min} or more`;

/** A number, or one as `text`, whose bounds only its reader knows. */
const numberSchema = (type: 'integer' | 'number', min: number, max: number, text: string): JsonSchema => ({
  anyOf: [
    { type, minimum: min, ...(isBound(max) && { maximum: max }) },
    { type: 'string', pattern: padded(text) },
  ],
});

/** A number from `min` to `max`, or one as text. */
export const numberIn = (min: number, max: number): Codec<number> =>
  scalar(
    `a number ${rangeText(`${min}`, `${max}`, isBound(max))}`,
    isNumber,
    (input) => within(min, max)(readNumber(input)),
    numberSchema('number', min, max, NUMBER),
  );

/** A whole number from `min` to `max`, or one as text. */
export const integerIn = (min: number, max = Number.MAX_SAFE_INTEGER): Codec<number> =>
  scalar(
    `a whole number ${rangeText(`${min}`, `${max}`, isBound(max))}`,
    isNumber,
    (input) => {
      const value = within(min, max)(readNumber(input));
      return value !== undefined && Number.isInteger(value) ? value : undefined;
    },
    numberSchema('integer', min, max, NUMBER),
  );

/** How a quantity is written: the pattern of its units, and what each of them counts, the smallest first. */
interface Notation {
  readonly pattern: string;
  readonly factors: ReadonlyMap<string, number>;
}

const readQuantity = ({ pattern, factors }: Notation): ((input: unknown) => number | undefined) => {
  const whole = new RegExp(padded(`(${DECIMAL})\\s*${pattern}`));
  return (input) => {
    const [, digits, unit = ''] = (isNumber(input) || isString(input) ? whole.exec(String(input)) : undefined) ?? [];
    const value = readNumber(digits);
    return value === undefined ? undefined : value * (factors.get(unit.toLowerCase()) ?? 1);
  };
};

/** The largest unit that leaves no rest. */
const quantityText = (
  value: number,
  { factors }: Notation,
  textOf: (count: number, unit: string) => string,
): string => {
  const [unit, factor] = [...factors].findLast(([, size]) => value >= size && value % size === 0) ?? ['', 1];
  return textOf(value / factor, unit);
};

export const MB = 1024 * 1024;

const BYTES: Notation = {
  pattern: '([kKmMgG])?(?:[iI]?[bB])?',
  factors: new Map([
    ['', 1],
    ['k', 1024],
    ['m', MB],
    ['g', 1024 * MB],
  ]),
};

/** Bytes as people write them: `10MB`, `1000`. */
export const sizeText = (bytes: number): string =>
  quantityText(bytes, BYTES, (count, unit) => (unit === '' ? `${count}` : `${count}${unit.toUpperCase()}B`));

/** Bytes, binary: `1048576`, `"1048576"`, `"1MB"`, `"1.5 GB"`; K, KB and KiB are the same. */
export const sizeIn = (min: number, max = Number.MAX_SAFE_INTEGER): Codec<number> => {
  const read = readQuantity(BYTES);
  return scalar(
    `a size such as 10MB or 1048576, ${rangeText(sizeText(min), sizeText(max), isBound(max))}`,
    isNumber,
    (input) => {
      const bytes = within(min, max)(read(input));
      return bytes === undefined ? undefined : Math.floor(bytes);
    },
    numberSchema('number', min, max, `${DECIMAL}\\s*${BYTES.pattern}`),
    sizeText,
  );
};

const MILLISECONDS: Notation = {
  pattern: '([mM][sS]|[sSmMhH])?',
  factors: new Map([
    ['ms', 1],
    ['s', 1000],
    ['m', 60_000],
    ['h', 3_600_000],
  ]),
};

const durationText = (ms: number): string => quantityText(ms, MILLISECONDS, (count, unit) => `${count}${unit}`);

/** Milliseconds: `30000`, `"30000"`, `"30s"`, `"1.5m"`. */
export const durationIn = (min: number, max: number): Codec<number> => {
  const read = readQuantity(MILLISECONDS);
  return scalar(
    `a time such as 30s or 30000 (ms), ${rangeText(`${min} ms`, `${max} ms`, isBound(max))}`,
    isNumber,
    (input) => {
      const ms = within(min, max)(read(input));
      return ms === undefined ? undefined : Math.round(ms);
    },
    numberSchema('number', min, max, `${DECIMAL}\\s*${MILLISECONDS.pattern}`),
    durationText,
  );
};
