import { DatabaseError } from 'pg';
import type { Rest } from 'kahets';

/** Why an INSERT failed, and whether it may have been committed. */
export type Verdict = Pick<Rest, 'cause' | 'written'>;

/** Data that the table does not take: class 22, values that do not convert, and 23, constraints. */
const isAboutData = (code: string): boolean => /^2[23]/.test(code);

/** The connection or the server ended: the last word on the transaction may be lost. */
const isCutOff = (code: string): boolean => /^(08|57P)/.test(code);

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['28P01', 'look at `user` and `password`'],
  ['3D000', 'look at `database`'],
  ['42P01', 'make the table, or look at `table`'],
  ['42501', 'GRANT INSERT on the table to `user`'],
  ['53100', 'make room on the disk of the database'],
]);

const messageOf = (error: unknown): string =>
  error instanceof Error && error.message !== '' ? error.message : String(error);

/** What is wrong, for people. PostgreSQL puts values into the `detail` of an error, which is not shown. */
export const explain = (error: unknown): string => {
  if (!(error instanceof DatabaseError)) return messageOf(error);
  const advice = ADVICE.get(error.code ?? '');
  return `${error.code ?? 'no code'} ${error.message}${advice === undefined ? '' : `; ${advice}`}`;
};

/** @param sent whether the INSERT was sent at all */
export const verdictOn = (error: unknown, sent: boolean, where: string): Verdict => {
  const code = error instanceof DatabaseError ? error.code : undefined;
  const message = `${where}: ${explain(error)}`;
  if (code !== undefined && isAboutData(code)) return { cause: { kind: 'poison', message }, written: 'no' };
  const isKnown = !sent || (code !== undefined && !isCutOff(code));
  return { cause: { kind: 'unavailable', message }, written: isKnown ? 'no' : 'unknown' };
};
