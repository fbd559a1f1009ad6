import type { HttpAddress } from '../../../config/envCodecs';

export interface TopRequest {
  /** Default: as the environment says. */
  readonly http: HttpAddress | undefined;
}
