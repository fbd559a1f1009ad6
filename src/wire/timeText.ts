const MAX_DATE_MS = 8.64e15;

/** A time as ISO 8601 has it; as a number where no date goes so far: clients choose it. */
export const timeText = (ms: number): string =>
  Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : `${ms} ms since 1970`;
