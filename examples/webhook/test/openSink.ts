import { isLeft } from 'fp-ts/Either';
import { NO_OPTIONS, type Env, type Sink, type SinkKind } from 'kahets';
import { testEnv } from 'kahets/testing';

/** A sink of this kind, open. */
export const openSink = async (kind: SinkKind, settings: unknown, env: Env = testEnv()): Promise<Sink> => {
  const checked = kind(settings, 'settings');
  if (isLeft(checked)) throw new Error(JSON.stringify(checked.left));
  const opened = await checked.right.open(env, NO_OPTIONS)();
  if (isLeft(opened)) throw new Error(opened.left.message);
  return opened.right;
};
