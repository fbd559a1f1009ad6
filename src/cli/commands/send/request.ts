/** What `kahets send` is told. */
export interface SendRequest {
  readonly bucket: string;
  /** Undefined: from `file` or standard input. */
  readonly message: string | undefined;
  readonly key: string | undefined;
  readonly header: readonly (readonly [name: string, value: string])[];
  readonly file: string | undefined;
  readonly raw: boolean;
  readonly count: number | undefined;
  /** Messages a second. Undefined: as fast as the daemon takes them. */
  readonly rate: number | undefined;
  /** Undefined: the daemon's, as SOCKET says. */
  readonly socket: string | undefined;
  /** Whether to wait until all of it is settled. */
  readonly sync: boolean;
  readonly json: boolean;
}
