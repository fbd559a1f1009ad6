import type { HttpAddress } from '../../../config/envCodecs';

export interface ReloadRequest {
  /** Default: as the environment says. */
  readonly http: HttpAddress | undefined;
  /** So long is the result waited for. */
  readonly timeoutMs: number;
}
