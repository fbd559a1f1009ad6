/** A broker for the fault suite: reached directly, or through a port of the test's own that can be made to misbehave. */
import { createNode, freePorts, newClusterId, type Broker } from '../support/kafka';

export interface FaultBroker {
  /** `host:port`, the straight way: to make topics and to read back what arrived. */
  readonly address: string;
  /** The port at which a front is to be opened for the daemon; nobody listens there unless the case does. */
  readonly frontPort: number;
  /** `host:port` to which that front is to forward: clients that come in there are told of `frontPort` alone. */
  readonly behind: string;
}

export interface OwnFaultBroker extends FaultBroker {
  readonly node: Broker;
}

export interface FaultBrokerOptions {
  /** Further lines of server.properties. */
  readonly settings?: string;
  /** An address of this machine to which daemons come straight: there is no front. Default: 127.0.0.1, and a front. */
  readonly host?: string;
}

/** A broker that answers, one a case or one a run. */
export const startFaultBroker = async ({ settings = '', host }: FaultBrokerOptions = {}): Promise<OwnFaultBroker> => {
  const [port = 0, behindPort = 0, freePort = 0, controllerPort = 0] = await freePorts(4);
  const frontPort = host === undefined ? freePort : behindPort;
  const at = host ?? '127.0.0.1';
  const listeners = (front: number): string => `PLAINTEXT://127.0.0.1:${port},FRONT://${at}:${front}`;
  const node = await createNode({
    nodeId: 1,
    port,
    controllerPort,
    voters: `1@127.0.0.1:${controllerPort}`,
    clusterId: newClusterId(),
    heap: '512m',
    settings: [
      `listeners=${listeners(behindPort)},CONTROLLER://127.0.0.1:${controllerPort}`,
      `advertised.listeners=${listeners(frontPort)}`,
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FRONT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name=PLAINTEXT',
      settings,
    ].join('\n'),
  });
  await node.start();
  return { node, address: node.address, frontPort, behind: `${at}:${behindPort}` };
};
