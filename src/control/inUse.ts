import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../config/env';
import { problemLines } from '../config/report';
import { hideIn } from '../config/secrets';
import type { Log } from '../model';
import type { Plan } from '../pipelines/topology';
import type { Configured } from './configure';

/** The configuration that the daemon works by, which a reload changes. */
export interface InUse {
  readonly plan: () => Plan;
  /** Takes secrets out of a text, those of earlier configurations as well: what is being drained may still show them. */
  readonly hide: (text: string) => string;
  /** Tells what is to be told of another configuration, hides its secrets from now on, and returns its plan. */
  readonly consider: (again: Configured, log: Log) => Plan;
  /** A plan that is in use from now on. */
  readonly take: (plan: Plan) => void;
}

const changedNames = (before: Settings, after: Settings): readonly string[] =>
  Object.entries(after).flatMap(([name, value]) =>
    isDeepStrictEqual(value, Object.entries(before).find(([other]) => other === name)?.[1]) ? [] : [name],
  );

export const createInUse = ({ settings, plan: first, secrets: firstSecrets }: Configured): InUse => {
  let plan = first;
  let secrets = firstSecrets;
  let hide = hideIn(secrets);
  return {
    plan: () => plan,
    hide: (text) => hide(text),
    consider: (again, log) => {
      secrets = new Map([...secrets, ...again.secrets]);
      hide = hideIn(secrets);
      for (const warning of problemLines(again.warnings)) log.warn('configuration', { warning });
      const changed = changedNames(settings, again.settings);
      if (changed.length > 0) log.warn('settings of the environment change with the next start', { changed });
      return again.plan;
    },
    take: (now) => {
      plan = now;
    },
  };
};
