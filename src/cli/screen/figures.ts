/** Figures and spans of time as people read them, in few columns. */
const WHOLE = new Intl.NumberFormat('en');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const LONGEST = 1_000_000;

/** 12345 → `12,345`; from a million on `1.2M`. */
export const shortCount = (count: number): string =>
  Math.abs(count) < LONGEST ? WHOLE.format(count) : COMPACT.format(count);

/** A second. */
export const rateText = (perSecond: number): string =>
  perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : shortCount(Math.round(perSecond));

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** 1536 → `1.5 KB`. */
export const bytesText = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${size < 10 && power > 0 ? size.toFixed(1) : Math.round(size)} ${UNITS[power] ?? ''}`;
};

const SPANS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
];

/** A span of time in its two largest units, seconds alone: `3 d 4 h`, `5 min`, `12 s`. */
export const spanText = (ms: number): string => {
  const at = SPANS.findIndex(([, unitMs]) => ms >= unitMs);
  const [unit, unitMs] = SPANS[at] ?? ['s', 1_000];
  const [under, underMs] = SPANS[at + 1] ?? [];
  const whole = Math.max(0, Math.floor(ms / unitMs));
  const rest = at >= 0 && underMs !== undefined ? Math.floor((ms % unitMs) / underMs) : 0;
  return `${whole} ${unit}${rest > 0 && under !== undefined ? ` ${rest} ${under}` : ''}`;
};
