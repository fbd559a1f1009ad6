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
  /** A path, or `tcp://host:port`. Undefined: the first of SOCKET. */
  readonly socket: string | undefined;
  /** Whether to wait until all of it is settled. */
  readonly sync: boolean;
  /** So long is the answer waited for. */
  readonly timeoutMs: number;
  readonly json: boolean;
}
