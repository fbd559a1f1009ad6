import { troubleOf } from './connectionTroubles';
import type { ConnectionTried } from './trouble';

export type { ConnectionTried, Progress } from './trouble';

/** Why a connection to a broker failed, for people: what was found, and what to change. Never a secret. */
export const explainConnection = (error: unknown, tried: ConnectionTried): string => {
  const { found, change } = troubleOf(textOf(error), tried);
  return `${tried.address}: ${found}${change === undefined ? '' : `; ${change}`}`;
};

/** The error's code and message; those of the first attempt where a name has several addresses and none answers. */
const textOf = (error: unknown): string => {
  if (!isErrorLike(error)) return String(error);
  const { code, type, message, errors, cert } = error;
  const first: unknown = message === '' && Array.isArray(errors) ? errors[0] : undefined;
  const words = first === undefined ? message : textOf(first);
  const codes = [code, type].filter((part) => typeof part === 'string' && !words.includes(part));
  // Node leaves out whose certificate it is when it was an address that was connected to.
  const names = cert?.subjectaltname ?? '';
  return [...codes, words, ...(words.includes(names) ? [] : [names])].join(' ');
};

/** Not by `instanceof`: kafkajs and OpenSSL put fields of their own on theirs, and a test's realm is another. */
interface ErrorLike {
  readonly message: string;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly errors?: unknown;
  readonly cert?: { readonly subjectaltname?: string };
}

const isErrorLike = (error: unknown): error is ErrorLike =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
