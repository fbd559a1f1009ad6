import * as E from 'fp-ts/Either';
import { BehaviorSubject, type Observable } from 'rxjs';
import type { Log } from '../../model';
import { connectBroker, type BrokerConnection, type ConnectionAttempt, type RequestFailure } from './cluster';
import {
  metadataRequest,
  producerIdRequest,
  type BrokerAddress,
  type ProduceAnswer,
  type ProducerIdAnswer,
  type Request,
  type TopicAnswer,
} from './requests';
import { backoffMs, type Backoff, type Timers } from './timers';

export type Reachability = { readonly state: 'up' } | { readonly state: 'down'; readonly cause: string };

/** The brokers as the producer sees them. Nothing here fails by throwing, and only `close` ends it. */
export interface Brokers {
  /** Whether any broker is connected. */
  readonly health$: Observable<Reachability>;
  /** Whether a request to this broker can leave now. */
  isConnected(broker: number): boolean;
  /** Ends with a connection, or after one failed attempt; attempts keep their distance by themselves. */
  connect(broker: number): Promise<E.Either<string, unknown>>;
  produce(broker: number, request: Request<ProduceAnswer>): Promise<E.Either<RequestFailure, ProduceAnswer>>;
  /** What the cluster says of each topic. Waits for a broker. */
  topics(names: readonly string[]): Promise<E.Either<RequestFailure, readonly TopicAnswer[]>>;
  /** A new producer id. Waits for a broker. */
  producerId(): Promise<E.Either<RequestFailure, ProducerIdAnswer>>;
  close(): void;
}

export interface BrokersOptions {
  /** Addresses to start from, `host:port`. */
  readonly seeds: readonly string[];
  readonly clientId: string;
  readonly connectionSetupTimeoutMs: number;
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  readonly allowAutoCreateTopics: boolean;
  /** For requests that a broker answers at once. */
  readonly requestTimeoutMs: number;
  /** For Produce requests, whose answer may wait for replicas. */
  readonly produceTimeoutMs: number;
  readonly reconnect: Backoff;
  readonly log: Log;
  readonly timers: Timers;
}

/** One address: at most one connection, one attempt at a time, and a rest after each failure. */
interface Link {
  readonly address: string;
  attempt?: ConnectionAttempt;
  connection?: BrokerConnection;
  connecting?: Promise<E.Either<string, BrokerConnection>>;
  failures: number;
}

const CLOSED: RequestFailure = { kind: 'not_sent', message: 'closed' };

const split = (address: string): { readonly host: string; readonly port: number } => {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
};

/**
 * Keeps the connections. As long as none stands, every known address is tried, each at its own distance (`reconnect`), for
 * ever; other connections are made when they are asked for.
 */
export const createBrokers = (options: BrokersOptions): Brokers => {
  const { timers, log } = options;
  const links = new Map<string, Link>();
  const nodes = new Map<number, string>();
  const health = new BehaviorSubject<Reachability>({ state: 'down', cause: 'not connected yet' });
  let finding: Promise<void> | undefined;
  let closed = false;

  const linkTo = (address: string): Link => {
    const link = links.get(address) ?? { address, failures: 0 };
    links.set(address, link);
    return link;
  };
  const standing = (): BrokerConnection | undefined => {
    for (const { connection } of links.values()) if (connection) return connection;
    return undefined;
  };
  const isUp = (): boolean => health.value.state === 'up';

  const open = async (link: Link): Promise<E.Either<string, BrokerConnection>> => {
    if (link.failures > 0)
      await new Promise<void>((resolve) => timers.after(backoffMs(options.reconnect, link.failures), resolve));
    const { host, port } = split(link.address);
    const attempt = connectBroker(host, port, { ...options, onClose: (cause) => lost(link, cause) });
    link.attempt = attempt;
    const opened = await attempt.opened;
    delete link.connecting;
    if (closed) attempt.close('closed');
    else if (E.isRight(opened)) won(link, opened.right);
    else failed(link, opened.left);
    return opened;
  };
  const won = (link: Link, connection: BrokerConnection): void => {
    link.connection = connection;
    link.failures = 0;
    log.debug('broker connected', { broker: link.address });
    if (!isUp()) health.next({ state: 'up' });
  };
  const failed = (link: Link, cause: string): void => {
    link.failures += 1;
    log.debug('broker not connected', { broker: link.address, cause });
    if (!isUp()) health.next({ state: 'down', cause: `${link.address}: ${cause}` });
  };
  const lost = (link: Link, cause: string): void => {
    delete link.connection;
    delete link.attempt;
    if (closed) return;
    log.debug('broker connection lost', { broker: link.address, cause });
    if (standing()) return;
    health.next({ state: 'down', cause: `${link.address}: ${cause}` });
    void find();
  };
  const connect = (link: Link): Promise<E.Either<string, BrokerConnection>> => {
    if (link.connection) return Promise.resolve(E.right(link.connection));
    link.connecting ??= open(link);
    return link.connecting;
  };

  const find = (): Promise<void> => {
    finding ??= findAny().finally(() => (finding = undefined));
    return finding;
  };
  const findAny = async (): Promise<void> => {
    while (!closed && !standing()) {
      const addresses = new Set([...nodes.values(), ...options.seeds]);
      await Promise.race([...addresses].map((address) => connect(linkTo(address))));
    }
  };

  const ask = async <A>(request: Request<A>): Promise<E.Either<RequestFailure, A>> => {
    await find();
    return standing()?.request(request, options.requestTimeoutMs) ?? E.left(CLOSED);
  };
  const learn = (brokers: readonly BrokerAddress[]): void => {
    for (const { id, host, port } of brokers) nodes.set(id, `${host}:${port}`);
  };

  void find();
  return {
    health$: health,
    isConnected: (broker) => links.get(nodes.get(broker) ?? '')?.connection !== undefined,
    connect(broker) {
      const address = nodes.get(broker);
      return address === undefined ? Promise.resolve(E.left('address not known')) : connect(linkTo(address));
    },
    async produce(broker, request) {
      const connection = links.get(nodes.get(broker) ?? '')?.connection;
      return (
        connection?.request(request, options.produceTimeoutMs) ?? E.left({ kind: 'not_sent', message: 'not connected' })
      );
    },
    async topics(names) {
      const answer = await ask(metadataRequest(names, options.allowAutoCreateTopics));
      if (E.isLeft(answer)) return answer;
      learn(answer.right.brokers);
      return E.right(answer.right.topics);
    },
    producerId: () => ask(producerIdRequest),
    close() {
      closed = true;
      for (const { attempt } of links.values()) attempt?.close('closed');
    },
  };
};
