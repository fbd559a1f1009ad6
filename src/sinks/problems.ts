const PLAIN_KEY = /^[\w@:{}-][\w.@:{}-]*$/;

/** The path of a value inside another: `buckets[0].batch`, `streamsConfigs["my stream"]`. */
export const childPath = (path: string, key: string | number): string => {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!PLAIN_KEY.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

const SECRET_PATH = /passw|secret|key|token|credential|sasl\.|\.pem\b/i;
const LONGEST_SHOWN = 60;

const withoutCredentials = (text: string): string => text.replace(/\/\/[^/@\s]*@/g, '//…@');

/** What was found, for people: scalars as they stand, else the kind of value. Under a path of a secret always the kind. */
export const kindOf = (value: unknown, path: string): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value === null ? 'null' : 'an object';
  if (SECRET_PATH.test(path)) return `a ${typeof value} (not shown)`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  const shown = withoutCredentials(value);
  return JSON.stringify(shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown);
};
