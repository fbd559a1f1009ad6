const PLAIN_KEY = /^[\w@:{}-][\w.@:{}-]*$/;

/** The path of a value inside another: `buckets[0].batch`, `streamsConfigs["my stream"]`. */
export const childPath = (path: string, key: string | number): string => {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!PLAIN_KEY.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

const SECRET = /passw|passphrase|secret|credential|(?:token|\.pem|(?<!empty)key)s?(?:\[\d+\])*$/i;
/** What says who we are, and what may hold a secret among others. */
const PRIVATE = /user_?name$|oauthbearer\.(?:config|extensions)$/i;

/** Whether the setting of this name, or path, holds a secret: a password, a private key, a token. */
export const isSecretName = (name: string): boolean => SECRET.test(name);

const LONGEST_SHOWN = 60;

const withoutCredentials = (text: string): string => text.replace(/\/\/[^]*@/, '//…@');

/** What was found, for people: scalars as they stand, else the kind of value. Under a path of a secret always the kind, unless it is empty. */
export const kindOf = (value: unknown, path: string): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value === null ? 'null' : 'an object';
  if (value !== '' && (isSecretName(path) || PRIVATE.test(path))) return `a ${typeof value} (not shown)`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  const shown = withoutCredentials(value);
  return JSON.stringify(shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown);
};
