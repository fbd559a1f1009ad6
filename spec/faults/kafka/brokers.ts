/** Brokers that a case may harm, and ports that stand in front of those it may not. */
import { openFront, type Front } from '../../support/front';
import { startFaultBroker, type FaultBroker, type FaultBrokerOptions, type OwnFaultBroker } from '../faultBroker';
import type { FaultContext } from '../faultCase';

export const ownBroker = async (
  { atEnd }: Pick<FaultContext, 'atEnd'>,
  options: FaultBrokerOptions = {},
): Promise<OwnFaultBroker> => {
  const broker = await startFaultBroker(options);
  atEnd(() => broker.node.remove());
  return broker;
};

/** The port through which the daemon is to go; nobody listens there yet. */
export const frontOf = ({ atEnd }: Pick<FaultContext, 'atEnd'>, { frontPort }: FaultBroker): Front => {
  const front = openFront(frontPort);
  atEnd(() => front.become(undefined));
  return front;
};
