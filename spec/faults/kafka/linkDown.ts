/** A true half-open connection: the daemon's network loses its link. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from '../../support/daemon';
import { skippedBecause, type FaultCase, type FaultContext } from '../faultCase';
import { ownBroker } from './brokers';
import { startScene } from './scene';

const DOWN_MS = 15_000;
/** Names of network devices have at most 15 bytes. */
const NAME = `kh${process.pid}`;
/** Of a network for private use that no test shares. */
const HOST = `10.213.${(process.pid >> 6) & 255}.${((process.pid & 63) << 2) + 1}`;
const DAEMON = `10.213.${(process.pid >> 6) & 255}.${((process.pid & 63) << 2) + 2}`;

const ip = (...args: readonly string[]): void => {
  execFileSync('ip', args, { stdio: 'ignore' });
};

/** A namespace whose one link ends here; false where that is not allowed. */
const makeNetwork = ({ atEnd }: FaultContext): boolean => {
  try {
    ip('netns', 'add', NAME);
    // The link goes with it.
    atEnd(() => ip('netns', 'delete', NAME));
    ip('link', 'add', `${NAME}h`, 'type', 'veth', 'peer', 'name', `${NAME}d`, 'netns', NAME);
    ip('address', 'add', `${HOST}/30`, 'dev', `${NAME}h`);
    ip('link', 'set', `${NAME}h`, 'up');
    ip('-n', NAME, 'address', 'add', `${DAEMON}/30`, 'dev', `${NAME}d`);
    ip('-n', NAME, 'link', 'set', `${NAME}d`, 'up');
    ip('-n', NAME, 'link', 'set', 'lo', 'up');
    return true;
  } catch {
    return false;
  }
};

/** Its link goes down at the broker's end, so that nobody is told. */
export const linkDown: FaultCase = {
  name: 'link-down',
  number: 5,
  title: 'link down for 15 s (half-open), in a network namespace',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 150,
  run: async (context) => {
    if (!makeNetwork(context))
      return skippedBecause('a network namespace needs `ip` and root; `line-silent` does it with a proxy');
    const broker = await ownBroker(context, { host: HOST });
    const scene = await startScene({
      context,
      address: broker.address,
      bootstrap: broker.behind,
      daemon: { command: ['ip', 'netns', 'exec', NAME, process.execPath, MAIN, 'start'] },
    });
    scene.fault();
    ip('link', 'set', `${NAME}h`, 'down');
    await scene.switched();
    await sleep(DOWN_MS);
    ip('link', 'set', `${NAME}h`, 'up');
    await scene.healed();
    return scene.finish();
  },
};
