/** What `kahets cat` is told. */
export interface CatRequest {
  /** Files and folders, at least one. */
  readonly paths: readonly string[];
  readonly raw: boolean;
  readonly follow: boolean;
  /** Empty: all. */
  readonly bucket: readonly string[];
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly grep: RegExp | undefined;
  /** Messages. */
  readonly limit: number | undefined;
}
