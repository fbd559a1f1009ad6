import { firstValueFrom, from, map, race, timer } from 'rxjs';
import type { CheckedSink, Env, Finding } from '../../../model';
import type { StreamPlan } from '../../../pipelines/stream/stream';
import type { Plan } from '../../../pipelines/topology';

/** What a look at one of a stream's sinks found. */
export interface Connected extends Finding {
  readonly stream: string;
  readonly part: 'primary' | 'backup' | 'deadLetter';
}

/** Who looks keeps the time by himself, and says more than that it is over. */
const GRACE_MS = 1_000;

const within = <A>(timeoutMs: number, work: Promise<A>): Promise<A | undefined> =>
  firstValueFrom(race(from(work), timer(timeoutMs).pipe(map(() => undefined))));

const NO_WAY: Finding = { place: 'all of it', note: 'cannot be tried: only a message can tell' };

/** Buckets that feed a stream; of the default one the names are not known. */
const feeding = ({ buckets }: Plan, { config: { id } }: StreamPlan): readonly string[] =>
  buckets.filter(({ config }) => config.streams.includes(id)).map(({ config }) => config.id);

/**
 * Looks at everything that the streams of a plan need, all at once. Never fails, and ends within `timeoutMs` or little later:
 * a sink that takes longer is told as a finding.
 */
export const connect = async (plan: Plan, env: Env, timeoutMs: number): Promise<readonly Connected[]> => {
  const look = async (stream: StreamPlan, part: Connected['part']): Promise<readonly Connected[]> => {
    const sink: CheckedSink | undefined = stream[part];
    if (!sink) return [];
    const { id } = stream.config;
    const name = part === 'primary' ? id : `${id}.${part}`;
    const buckets = feeding(plan, stream);
    const found = sink.probe
      ? await within(timeoutMs + GRACE_MS, sink.probe({ ...env, name }, { buckets, timeoutMs }))
      : [NO_WAY];
    const findings = found ?? [{ place: 'all of it', problem: `no answer within ${timeoutMs} ms` }];
    return findings.map((finding) => ({ stream: id, part, ...finding }));
  };
  const looks = plan.streams.flatMap((stream) =>
    (['primary', 'backup', 'deadLetter'] as const).map((part) => look(stream, part)),
  );
  return (await Promise.all(looks)).flat();
};

const placeOf = ({ stream, part, place }: Connected): string =>
  `${stream}${part === 'primary' ? '' : `.${part}`}: ${place}`;

/** A line for each place, for people. */
export const connectedLines = (connected: readonly Connected[]): readonly string[] =>
  connected.map((found) => {
    const { problem, note } = found;
    if (problem !== undefined) return `failed  ${placeOf(found)}: ${problem}`;
    return `ok      ${placeOf(found)}${note === undefined ? '' : `: ${note}`}`;
  });
