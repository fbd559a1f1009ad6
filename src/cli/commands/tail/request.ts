import type { HttpAddress } from '../../../config/envCodecs';

/** What `kahets tail` is told. */
export interface TailRequest {
  /** Empty: all. */
  readonly buckets: readonly string[];
  readonly raw: boolean;
  /** Messages a second, at most. */
  readonly rate: number;
  /** Bytes of a message, at most. */
  readonly bytes: number;
  /** Messages. */
  readonly limit: number | undefined;
  /** Default: as the environment says. */
  readonly http: HttpAddress | undefined;
}
