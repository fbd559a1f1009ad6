import type { HttpAddress } from '../../../config/envCodecs';

export interface StatusRequest {
  /** Default: as the environment says. */
  readonly http: HttpAddress | undefined;
  /** So many of the busiest. */
  readonly buckets: number;
  /** Buckets whose name contains this. Default: all. */
  readonly bucket: string | undefined;
  readonly timeoutMs: number;
  readonly json: boolean;
}
