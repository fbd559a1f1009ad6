/** What stands between daemon and broker goes wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { forwardsTo } from '../../support/front';
import type { FaultCase, FaultContext } from '../faultCase';
import { between } from '../../support/random';
import { until } from '../watch';
import { frontOf } from './brokers';
import { gated, resetsRequests, slowly, swallowsResponses, type Counted, type Line } from './proxies';
import { startScene, type Scene, type SceneOptions } from './scene';

const ALL = ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'] as const;

/** The daemon reaches the broker through a front that forwards as it should. */
const behindFront = async (
  context: FaultContext,
  options: Partial<SceneOptions> = {},
): Promise<{ scene: Scene; behind: string; become: ReturnType<typeof frontOf>['become'] }> => {
  const broker = await context.broker();
  const front = frontOf(context, broker);
  await front.become(forwardsTo(broker.behind));
  const scene = await startScene({ context, address: broker.address, bootstrap: front.address, ...options });
  return { scene, behind: broker.behind, become: front.become };
};

/** Does what it counts `times` in all, then forwards. */
const counting = (
  texts: Pick<FaultCase, 'name' | 'number' | 'title' | 'quick'> & { readonly note: string },
  timesOf: (context: FaultContext) => number,
  fault: (behind: string, times: number, context: FaultContext) => Counted,
  { switches, ...options }: Partial<SceneOptions> & { readonly switches: boolean },
): FaultCase => ({
  ...texts,
  invariants: ALL,
  limitS: 120,
  run: async (context) => {
    const times = timesOf(context);
    const { scene, behind, become } = await behindFront(context, options);
    const counted = fault(behind, times, context);
    scene.fault();
    await become(counted.service);
    const took = await until(() => counted.count() >= times, 60_000);
    if (switches) await scene.switched();
    await scene.healed();
    const note = `${counted.count()} ${texts.note}`;
    return scene.finish({
      also: {
        note,
        violations: took === undefined ? [`only ${note}, not ${times}: the fault did not take place`] : [],
      },
    });
  },
});

const once = counting(
  {
    name: 'response-swallowed-once',
    number: 3,
    title: 'Produce response swallowed, once',
    quick: false,
    note: 'Produce responses swallowed',
  },
  () => 1,
  (behind, times) => swallowsResponses(behind, times),
  { switches: true },
);

const severalTimes = counting(
  {
    name: 'responses-swallowed',
    number: 3,
    title: 'Produce responses swallowed, a random 3 to 8',
    quick: false,
    note: 'Produce responses swallowed',
  },
  ({ random }) => between(random, 3, 8),
  (behind, times) => swallowsResponses(behind, times),
  { switches: true },
);

const withoutBackup = counting(
  {
    name: 'responses-swallowed-no-backup',
    number: 3,
    title: 'Produce responses swallowed, without a backup: order holds too',
    quick: false,
    note: 'Produce responses swallowed',
  },
  () => 3,
  (behind, times) => swallowsResponses(behind, times),
  { switches: false, backup: null, settings: { 'request.timeout.ms': 2000 } },
);

const resets = counting(
  {
    name: 'requests-reset',
    number: 4,
    title: 'connection reset in mid-request, or before the response, 30 times at random bytes',
    quick: false,
    note: 'connections reset',
  },
  () => 30,
  (behind, times, { random }) => resetsRequests(behind, times, random),
  { switches: false },
);

const halfOpen: FaultCase = {
  name: 'line-silent',
  number: 5,
  title: 'line goes silent for 15 s: nothing is forwarded, nobody is told',
  quick: false,
  invariants: ALL,
  limitS: 120,
  run: async (context) => {
    const { scene, behind, become } = await behindFront(context);
    const gate = gated(behind);
    await become(gate.service);
    await scene.healed();
    scene.fault();
    gate.shut();
    await scene.switched();
    await sleep(15_000);
    gate.open();
    await scene.healed();
    return scene.finish({ also: { note: `at a proxy that stops forwarding` } });
  },
};

const SLOW_S = 20;
/** The default: a second there and back is no reason to hand over. */
const FAILOVER = { afterMs: 10_000, retryMs: 1000 };

/** A message that clients write is to be in Kafka all the same, so no more comes than the line carries. */
const slow = (
  texts: Pick<FaultCase, 'name' | 'title'>,
  line: Line,
  { perSecond, ...options }: Partial<SceneOptions> & { readonly perSecond: number },
): FaultCase => ({
  ...texts,
  number: 6,
  quick: false,
  invariants: ALL,
  limitS: 150,
  run: async (context) => {
    const { scene, behind, become } = await behindFront(context, {
      traffic: { perSecond },
      stream: { failover: FAILOVER },
      ...options,
    });
    scene.fault();
    await become(slowly(behind, line));
    const [from, startMs] = [scene.traffic.taken(), performance.now()];
    await sleep(SLOW_S * 1000);
    const perSecondTaken = (scene.traffic.taken() - from) / ((performance.now() - startMs) / 1000);
    const waiting = scene.backupBytes();
    await become(forwardsTo(behind));
    await scene.healed();
    return scene.finish({
      also: {
        note: `${perSecondTaken.toFixed(0)} messages a second taken meanwhile, ${(waiting / 1e6).toFixed(1)} MB of backup at its end`,
      },
    });
  },
});

export const lines: readonly FaultCase[] = [
  once,
  severalTimes,
  { ...withoutBackup, invariants: [...ALL, 'I4'] },
  resets,
  halfOpen,
  slow({ name: 'latency-500ms', title: '500 ms of latency each way for 20 s' }, { delayMs: 500 }, { perSecond: 5000 }),
  // 1 Mbit/s carries about 600 of them a second when they do not compress: four times as many are written.
  slow(
    { name: 'line-1mbit', title: '1 Mbit/s for 20 s, four times as much traffic' },
    { bytesPerSecond: 125_000 },
    { perSecond: 2400, settings: { 'compression.codec': 'none' } },
  ),
];
