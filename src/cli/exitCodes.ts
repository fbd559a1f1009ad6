/** Exit codes of sysexits.h. */
export const EX = {
  OK: 0,
  KILLED: 1,
  USAGE: 64,
  /** Something in a file is no message, or no sink takes it. */
  DATAERR: 65,
  /** A file is not there, or cannot be read. */
  NOINPUT: 66,
  /** The stream cannot be reached, or something is left for another reason. */
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  CANTCREAT: 73,
  /** Messages were lost. */
  IOERR: 74,
  /** What is asked for is not so now, and may be so later: messages lie in a backup, say. */
  TEMPFAIL: 75,
  /** This user may not do it. */
  NOPERM: 77,
  CONFIG: 78,
} as const;
