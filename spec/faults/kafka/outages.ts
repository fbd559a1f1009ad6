/** The broker goes away and comes back. */
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { forwardsTo } from '../../support/front';
import type { Broker } from '../../support/kafka';
import { createTopic } from '../../support/topics';
import type { FaultCase, FaultContext } from '../faultCase';
import { frontOf, ownBroker } from './brokers';
import { newTopic, startScene, type Scene, type SceneOptions } from './scene';

const OUTAGE_MS = 30_000;

/** A broker that the case may harm, and the daemon that sends to it. */
const startOnOwn = async (
  context: FaultContext,
  options: Partial<SceneOptions> = {},
): Promise<{ readonly node: Broker; readonly scene: Scene }> => {
  const { node, address } = await ownBroker(context);
  return { node, scene: await startScene({ context, address, ...options }) };
};

const killed: FaultCase = {
  name: 'broker-killed',
  number: 1,
  title: 'broker SIGKILL in mid-load, back after 30 s',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 180,
  run: async (context) => {
    const { node, scene } = await startOnOwn(context);
    scene.fault();
    await node.stop('SIGKILL');
    await sleep(OUTAGE_MS);
    await node.start();
    await scene.healed();
    return scene.finish();
  },
};

const hangs = (seconds: number): FaultCase => ({
  name: `broker-stopped-${seconds}s`,
  number: 2,
  title: `broker SIGSTOP for ${seconds} s`,
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 120 + seconds,
  run: async (context) => {
    const { node, scene } = await startOnOwn(context);
    const pid = node.pid() ?? 0;
    scene.fault();
    kill(pid, 'SIGSTOP');
    await sleep(seconds * 1000);
    kill(pid, 'SIGCONT');
    await scene.healed();
    return scene.finish();
  },
});

const FLAPS = 15;

/** The port of the front rather than the broker itself, whose start takes several seconds. */
const flapping: FaultCase = {
  name: 'broker-flapping',
  number: 7,
  title: `broker ${FLAPS} times 1 s up, 1 s down`,
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 150,
  run: async (context) => {
    const broker = await context.broker();
    const front = frontOf(context, broker);
    await front.become(forwardsTo(broker.behind));
    const scene = await startScene({ context, address: broker.address, bootstrap: front.address });
    scene.fault();
    for (let flap = 0; flap < FLAPS; flap += 1) {
      await front.become(undefined);
      await sleep(1000);
      await front.become(forwardsTo(broker.behind));
      await sleep(1000);
    }
    await scene.healed();
    const switches = scene.daemon.lines.filter(({ msg }) => /^(stream|topic) (open|closed)/.test(msg)).length;
    // A breaker is open for `failover.retryMs` at least, jittered by a fifth: 0.8 s.
    const most = Math.ceil((2 * (2 * FLAPS)) / 0.8);
    return scene.finish({
      also: {
        note: `${switches} switches in ${2 * FLAPS} s`,
        violations: switches > most ? [`${switches} switches in ${2 * FLAPS} s, at most ${most} expected`] : [],
      },
    });
  },
};

const READY_S = 5;

const startsWithout: FaultCase = {
  name: 'broker-down-at-start',
  number: 13,
  title: 'start with the broker down',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 90,
  run: async (context) => {
    const broker = await context.broker();
    const front = frontOf(context, broker);
    const topic = newTopic('fault');
    await createTopic(broker.address, topic);
    const startMs = performance.now();
    const scene = await startScene({
      context,
      address: broker.address,
      bootstrap: front.address,
      topic,
      reachable: false,
    });
    const readyS = (performance.now() - startMs) / 1000;
    scene.fault();
    await scene.switched();
    await front.become(forwardsTo(broker.behind));
    await scene.healed();
    return scene.finish({
      also: {
        note: `clients connected ${readyS.toFixed(1)} s after the start`,
        violations: readyS > READY_S ? [`ready after ${readyS.toFixed(1)} s, at most ${READY_S} expected`] : [],
      },
    });
  },
};

/** A failover breaks no order where replay keeps it; what comes twice is not out of order. */
const killedOrdered: FaultCase = {
  name: 'broker-killed-ordered',
  number: 1,
  title: 'broker SIGKILL in mid-load, back after 10 s, replay: "ordered"',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  limitS: 150,
  run: async (context) => {
    const { node, scene } = await startOnOwn(context, { backup: { replay: 'ordered' } });
    scene.fault();
    await node.stop('SIGKILL');
    await scene.switched();
    await sleep(10_000);
    await node.start();
    await scene.healed();
    return scene.finish();
  },
};

export const outages: readonly FaultCase[] = [killed, killedOrdered, hangs(5), hangs(60), flapping, startsWithout];
