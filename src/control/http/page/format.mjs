/** Figures, times and names as people read them. */
const WHOLE = new Intl.NumberFormat('en');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const whole = (value) => WHOLE.format(value);

/** At most four digits. */
export const count = (value) => (Math.abs(value) < 10_000 ? WHOLE.format(value) : COMPACT.format(value));

export const rate = (value) => {
  if (value === undefined || value === null) return '–';
  return value > 0 && value < 10 ? value.toFixed(1) : count(Math.round(value));
};

/** A part of 1; what a binary number adds behind it is left out. */
export const percent = (part) => `${Number((100 * part).toPrecision(6))} %`;

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export const bytes = (value) => {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  const size = value / 1024 ** power;
  return `${size < 10 && power > 0 ? size.toFixed(1) : Math.round(size)} ${UNITS[power]}`;
};

/** A span of time: from hours on in its two largest units, below in its largest. */
export const span = (ms) => {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
};

export const ago = (thenMs, nowMs) => `${span(nowMs - thenMs)} ago`;
export const clock = (ms) => CLOCK.format(ms);
export const day = (ms) => DAY.format(ms);
