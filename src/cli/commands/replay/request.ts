/** What `kahets replay` is told. */
export interface ReplayRequest {
  /** Files and folders, at least one. */
  readonly paths: readonly string[];
  /** The id of a stream. */
  readonly to: string;
  /** The share of the time that sending takes, above 0, at most 1. */
  readonly rate: number;
  readonly dryRun: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}
