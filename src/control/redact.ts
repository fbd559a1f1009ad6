/** Nothing that is logged is nested deeper; what is, is a ring. */
const MAX_DEPTH = 10;

const isRecord = (value: object): value is Readonly<Record<string, unknown>> =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);

/** A copy of what is logged, in which `hide` has seen every text. Costs as much as the line is long. */
export const redact = (value: unknown, hide: (text: string) => string, depth = 0): unknown => {
  if (typeof value === 'string') return hide(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '…';
  const inside = (item: unknown): unknown => redact(item, hide, depth + 1);
  if (Array.isArray(value)) return value.map(inside);
  if (value instanceof Error) return { name: value.name, message: hide(value.message), stack: hide(value.stack ?? '') };
  if ('toJSON' in value && typeof value.toJSON === 'function') return inside((value.toJSON as () => unknown)());
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [hide(key), inside(item)]));
};
