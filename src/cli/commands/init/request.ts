/** What `kahets init` is told. */
export interface InitRequest {
  readonly folder: string;
  /** `host:port`, one or more with commas. */
  readonly brokers: string;
  /** The bucket, which is the topic. */
  readonly topic: string;
  /** For backups, copies and the spool. */
  readonly data: string;
  readonly force: boolean;
}
