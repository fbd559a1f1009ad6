import { isLeft } from 'fp-ts/Either';
import { report } from '../config/report';
import { NO_OPTIONS, type Env, type Sink, type SinkKind, type StreamOptions } from '../model';
import { testEnv } from './builders';

/**
 * A sink of this kind, open. Rejects with all problems of the settings, a line each, or with why it cannot be opened.
 *
 * ```ts
 * const sink = await openSink(webhook, { url: 'http://127.0.0.1:8080' });
 * ```
 *
 * @param env default: {@link testEnv}
 * @param options default: those of a stream without a backup
 */
export const openSink = async (
  kind: SinkKind,
  settings: unknown,
  env: Env = testEnv(),
  options: StreamOptions = NO_OPTIONS,
): Promise<Sink> => {
  const checked = kind(settings, 'settings');
  if (isLeft(checked)) throw new Error(report(env.name, checked.left).join('\n'));
  const opened = await checked.right.open(env, options)();
  if (isLeft(opened)) throw new Error(`${opened.left.sink}: ${opened.left.message}`);
  return opened.right;
};
