import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Log } from '../../../model';
import type { KafkaSettings } from '../settings/types';
import { createSasl, type Sasl } from './sasl';
import { openTls, type Tls } from './tls';

/** How a sink's connections are encrypted and authenticated; undefined: not. */
export interface Security {
  readonly tls: Tls | undefined;
  readonly sasl: Sasl | undefined;
}

/** How long a token endpoint may take. */
const TOKEN_TIMEOUT_MS = 10_000;

/** Reads and checks certificates and keys; the message of a failure names the setting and the file and says what to do. */
export const openSecurity =
  (
    { tls, sasl }: Pick<KafkaSettings, 'tls' | 'sasl'>,
    { log, now }: { readonly log: Log; readonly now: () => number },
  ): TaskEither<string, Security> =>
  async () => {
    const opened = tls && (await openTls(tls, log));
    if (opened && E.isLeft(opened)) return opened;
    return E.right({ tls: opened?.right, sasl: sasl && createSasl(sasl, { log, now, timeoutMs: TOKEN_TIMEOUT_MS }) });
  };
