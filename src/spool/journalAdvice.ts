import { codeOf, messageOf } from '../wire/systemErrors';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'make room on the file system of SPOOL'],
  ['EROFS', 'the file system of SPOOL is read-only: see the kernel’s log, then mount it writable again'],
  ['EIO', 'the device of SPOOL fails: see the kernel’s log, and move it to another device'],
  ['EACCES', 'let the user of this process write to SPOOL'],
  ['EPERM', 'let the user of this process write to SPOOL'],
  ['ENOTDIR', 'move away what stands where SPOOL is to be a folder'],
  ['EMFILE', 'raise the limit of open files of this process'],
]);

/** What happened to a file of the journal, and what to do about it. */
export const explainJournal = (error: unknown): string =>
  [messageOf(error), ADVICE.get(codeOf(error) ?? '')].filter((text) => text !== undefined).join('; ');
