import * as E from 'fp-ts/Either';
import { BehaviorSubject, type Observable } from 'rxjs';
import { connectBroker } from './cluster';
import type { RequestFailure } from './connection';
import { Link, type LinkSettings } from './link';
import {
  metadataRequest,
  producerIdRequest,
  type BrokerAddress,
  type ProduceAnswer,
  type ProducerIdAnswer,
  type Request,
  type TopicAnswer,
} from './requests';
import { backoffMs, pause, within } from './timers';

export type Reachability = { readonly state: 'up' } | { readonly state: 'down'; readonly cause: string };

/** The brokers as the producer sees them. Nothing here fails by throwing, and only `close` ends it. */
export interface Brokers {
  /** Whether any broker can be reached. */
  readonly health$: Observable<Reachability>;
  /** Whether a request to this broker can leave now. */
  isConnected(broker: number): boolean;
  /**
   * Ends with a connection, after a failed attempt, or without either after a second, so that who asks can find out whether
   * it is still this broker that he needs. Attempts keep their distance by themselves.
   */
  connect(broker: number): Promise<E.Either<string, unknown>>;
  produce(broker: number, request: Request<ProduceAnswer>): Promise<E.Either<RequestFailure, ProduceAnswer>>;
  /** What the cluster says of each topic. Waits for a broker. */
  topics(names: readonly string[]): Promise<E.Either<RequestFailure, readonly TopicAnswer[]>>;
  /** A new producer id. Waits for a broker. */
  producerId(): Promise<E.Either<RequestFailure, ProducerIdAnswer>>;
  close(): void;
}

export interface BrokersOptions extends LinkSettings {
  /** Addresses to start from, `host:port`; also when none that the cluster named can be reached. */
  readonly seeds: readonly string[];
  readonly allowAutoCreateTopics: boolean;
  /** For requests that a broker answers at once. */
  readonly requestTimeoutMs: number;
  /** For Produce requests, whose answer may wait for replicas. */
  readonly produceTimeoutMs: number;
}

/** While any broker will do, the next one is tried as well when the one before it is silent for so long. */
const HEAD_START_MS = 500;
/** For so long `connect` waits. */
const PATIENCE_MS = 1_000;

const CLOSED: RequestFailure = { kind: 'not_sent', message: 'closed' };

/**
 * Keeps as few connections as will do: one to any broker at all times, and one to each broker that is asked for by its
 * number. As long as none stands, all known addresses are tried, each at its own distance, for ever.
 */
export const createBrokers = (options: BrokersOptions): Brokers => {
  const { timers, reconnect, seeds } = options;
  const links = new Map<string, Link>();
  const nodes = new Map<number, string>();
  const health = new BehaviorSubject<Reachability>({ state: 'down', cause: 'not connected yet' });
  let finding: Promise<void> | undefined;
  let closed = false;

  const linkTo = (address: string): Link => {
    const link = links.get(address) ?? new Link(address, linkOptions);
    links.set(address, link);
    return link;
  };
  const linkOf = (broker: number): Link | undefined => links.get(nodes.get(broker) ?? '');
  /** The best connection for a request that any broker can answer. */
  const standing = (): Link | undefined => {
    let best: Link | undefined;
    for (const link of links.values()) if (link.rank > (best?.rank ?? 0)) best = link;
    return best;
  };
  const othersStand = (link: Link): boolean => [...links.values()].some((one) => one !== link && one.isConnected);

  const down = (cause: string): void => health.next({ state: 'down', cause });
  const linkOptions = {
    connectBroker,
    ...options,
    onUp: (link: Link) => {
      if (health.value.state === 'down') health.next({ state: 'up' });
      for (const other of links.values()) if (other !== link) other.spare();
      forget();
    },
    onFailed: (cause: string) => {
      if (!standing()) down(cause);
    },
    onLost: (cause: string, idle: boolean) => {
      if (closed || standing()) return;
      // Brokers close what is idle; whether this one is gone is for the next attempt to find out.
      if (!idle) down(cause);
      void find();
    },
    onUnused: (link: Link) => {
      if (othersStand(link)) link.end('not used');
    },
  };

  const find = (): Promise<void> => {
    finding ??= findAny().finally(() => (finding = undefined));
    return finding;
  };
  /** Starts at any address, so that many hosts do not all begin with the same one. */
  const findAny = async (): Promise<void> => {
    const first = reconnect.random();
    for (let many = 1; !closed && !standing(); many += 1) {
      const all = [...new Set([...nodes.values(), ...seeds])];
      const start = Math.floor(first * all.length);
      const tried = [...all.slice(start), ...all.slice(0, start)].slice(0, many);
      const ended = Promise.race(tried.map((address) => linkTo(address).connect()));
      await (many < all.length ? within(timers, HEAD_START_MS, ended) : ended);
    }
  };

  const ask = async <A>(request: Request<A>): Promise<E.Either<RequestFailure, A>> => {
    while (!closed) {
      await find();
      const link = standing();
      if (link) return link.request(request, options.requestTimeoutMs);
    }
    return E.left(CLOSED);
  };

  /** Takes the cluster's word for where its brokers are; one that is just starting may know of none. */
  const learn = (brokers: readonly BrokerAddress[]): void => {
    if (brokers.length === 0) return;
    nodes.clear();
    for (const { id, host, port } of brokers) nodes.set(id, `${host}:${port}`);
    forget();
  };
  /** Lets go of addresses that are no broker's: of connections there once a broker is connected, of seeds never for good. */
  const forget = (): void => {
    const addresses = new Set(nodes.values());
    const reached = [...addresses].some((address) => links.get(address)?.isConnected);
    for (const [address, link] of links) {
      if (addresses.has(address) || addresses.size === 0) continue;
      if (link.isConnected ? !reached : seeds.includes(address)) continue;
      links.delete(address);
      link.retire('not an address of a broker');
    }
  };

  void find();
  return {
    health$: health,
    isConnected: (broker) => linkOf(broker)?.isConnected ?? false,
    async connect(broker) {
      const address = nodes.get(broker);
      if (address === undefined) {
        await pause(timers, backoffMs(reconnect, 1));
        return E.left('address not known');
      }
      const link = linkTo(address);
      link.wanted = true;
      return (await within(timers, PATIENCE_MS, link.connect())) ?? E.left(link.cause);
    },
    async produce(broker, request) {
      const link = linkOf(broker);
      return link
        ? link.produce(request, options.produceTimeoutMs)
        : E.left({ kind: 'not_sent', message: 'not connected' });
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
      for (const link of links.values()) link.end('closed');
    },
  };
};
