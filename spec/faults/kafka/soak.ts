/** Faults drawn from the seed, one after the other. */
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { forwardsTo, type Front } from '../../support/front';
import type { OwnFaultBroker } from '../faultBroker';
import type { FaultCase } from '../faultCase';
import { between } from '../../support/random';
import { until } from '../watch';
import { frontOf, ownBroker } from './brokers';
import { gated, resetsRequests, slowly, swallowsResponses } from './proxies';
import { startScene } from './scene';

interface Stage {
  readonly broker: OwnFaultBroker;
  readonly front: Front;
  readonly random: () => number;
}

/** Does its harm and undoes it; what the front is afterwards does not matter. */
type Harm = (stage: Stage) => Promise<void>;

const MOST_MS = 8000;
const someMs = (random: () => number, leastMs = 500): number => between(random, leastMs, MOST_MS);

const HARMS: Readonly<Record<string, Harm>> = {
  refused: async ({ front, random }) => {
    await front.become(undefined);
    await sleep(someMs(random));
  },
  silent: async ({ front, broker, random }) => {
    const gate = gated(broker.behind);
    await front.become(gate.service);
    await sleep(1000);
    gate.shut();
    await sleep(someMs(random));
    gate.open();
  },
  slow: async ({ front, broker, random }) => {
    await front.become(slowly(broker.behind, { delayMs: between(random, 50, 500), bytesPerSecond: 1_000_000 }));
    await sleep(someMs(random));
  },
  reset: async ({ front, broker, random }) => {
    const resets = resetsRequests(broker.behind, between(random, 3, 20), random);
    await front.become(resets.service);
    await sleep(someMs(random, 2000));
  },
  swallowed: async ({ front, broker, random }) => {
    const times = between(random, 1, 3);
    const swallows = swallowsResponses(broker.behind, times);
    await front.become(swallows.service);
    await until(() => swallows.count() >= times, MOST_MS);
  },
  stopped: async ({ broker, random }) => {
    const pid = broker.node.pid() ?? 0;
    kill(pid, 'SIGSTOP');
    await sleep(someMs(random));
    kill(pid, 'SIGCONT');
  },
  killed: async ({ broker, random }) => {
    await broker.node.stop('SIGKILL');
    await sleep(someMs(random));
    await broker.node.start();
  },
};

export const soak: FaultCase = {
  name: 'soak',
  number: 36,
  title: 'random faults of line and broker, one after the other, from the printed seed',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 240,
  run: async (context) => {
    const { random, soakMs, say } = context;
    const broker = await ownBroker(context);
    const front = frontOf(context, broker);
    const forwards = forwardsTo(broker.behind);
    await front.become(forwards);
    const scene = await startScene({
      context,
      address: broker.address,
      bootstrap: front.address,
      traffic: { perSecond: 1000 },
    });
    const names = Object.keys(HARMS);
    const did: string[] = [];
    scene.fault();
    for (const startMs = performance.now(); performance.now() - startMs < soakMs;) {
      const name = names[between(random, 0, names.length - 1)] ?? '';
      say(`${((performance.now() - startMs) / 1000).toFixed(0)} s: ${name}`);
      did.push(name);
      await HARMS[name]?.({ broker, front, random });
      await front.become(forwards);
      await sleep(someMs(random));
    }
    await scene.healed();
    return scene.finish({
      replayMs: 120_000,
      also: { note: `${did.length} faults in ${(soakMs / 60_000).toFixed(0)} minutes: ${did.join(', ')}` },
    });
  },
};
