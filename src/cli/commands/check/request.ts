/** What `kahets check` is told. */
export interface CheckRequest {
  /** Undefined: the one that the daemon would read. */
  readonly file: string | undefined;
  readonly connect: boolean;
  /** For all of `connect`. */
  readonly timeoutMs: number;
  readonly json: boolean;
}
