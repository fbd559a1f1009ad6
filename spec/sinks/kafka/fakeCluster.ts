import * as E from 'fp-ts/Either';
import type { VirtualTimeScheduler } from 'rxjs';
import { ByteReader } from '../../../src/sinks/kafka/byteReader';
import { ByteWriter } from '../../../src/sinks/kafka/byteWriter';
import type { connectBroker } from '../../../src/sinks/kafka/cluster';
import type { BrokerConnection, RequestFailure } from '../../../src/sinks/kafka/connection';
import type { Request } from '../../../src/sinks/kafka/requests';

/** What is at an address: a broker, nobody, something that never says a word, or what closes as soon as it is connected. */
export type At = 'broker' | 'nobody' | 'silence' | 'closes';

/** One attempt to connect, and what came of it. */
export interface Tried {
  readonly host: string;
  readonly address: string;
  readonly atMs: number;
  upMs?: number;
  endMs?: number;
}

/** A cluster that can be reached from many hosts over connections in memory, on virtual time. */
export interface FakeCluster {
  /** How one host connects; put in the place of the real `connectBroker`. */
  readonly from: (host: string) => typeof connectBroker;
  /** What is where; addresses that are not here have nobody. */
  readonly put: (address: string, at: At) => void;
  /** Brokers by number, as metadata tells of them. */
  readonly nodes: Map<number, string>;
  /** Who leads each partition of every topic. */
  leaders: readonly number[];
  readonly tried: Tried[];
  /** Connections that stand now. */
  readonly standing: (host?: string) => readonly Tried[];
  /** The broker closes its connections, as those that have been idle for long. */
  readonly closeAll: (address: string) => void;
  /** Requests that came in, and at which address. */
  readonly requests: { readonly api: string; readonly address: string; readonly atMs: number }[];
  /** Messages that were acknowledged, by partition. */
  readonly messages: number[];
}

/** One way, of whatever it is. */
const LATENCY_MS = 1;

const NOT_LEADER = 6;

const lost = (message: string): RequestFailure => ({ kind: 'unknown', message });

export const fakeCluster = (scheduler: VirtualTimeScheduler): FakeCluster => {
  const places = new Map<string, At>();
  const live = new Map<Tried, (cause: string) => void>();
  const after = (ms: number, work: () => void): void => void scheduler.schedule(work, ms);
  let producerId = 0;

  const metadata = (reader: ByteReader): Buffer => {
    const topics = reader.array(() => reader.string());
    const writer = new ByteWriter().int32(0).int32(cluster.nodes.size);
    for (const [id, address] of cluster.nodes) {
      const [host, port] = address.split(':');
      writer.int32(id).string(host).int32(Number(port)).string(undefined);
    }
    writer.string('fake').int32(1).int32(topics.length);
    for (const topic of topics) {
      writer.int16(0).string(topic).int8(0).int32(cluster.leaders.length);
      cluster.leaders.forEach((leader, index) => writer.int16(0).int32(index).int32(leader).int32(0).int32(0));
    }
    return Buffer.concat(writer.end());
  };
  const produce = (reader: ByteReader, address: string): Buffer => {
    reader.string();
    reader.int16();
    reader.int32();
    const writer = new ByteWriter();
    const topics = reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => ({ index: reader.int32(), bytes: reader.skip(reader.int32()) })),
    }));
    writer.int32(topics.length);
    for (const { topic, partitions } of topics) {
      writer.string(topic).int32(partitions.length);
      for (const { index, bytes } of partitions) {
        const leads = cluster.nodes.get(cluster.leaders[index] ?? -1) === address;
        if (leads) cluster.messages[index] = (cluster.messages[index] ?? 0) + bytes.readInt32BE(57);
        writer
          .int32(index)
          .int16(leads ? 0 : NOT_LEADER)
          .piece(Buffer.alloc(24))
          .int32(0)
          .string(undefined);
      }
    }
    return Buffer.concat(writer.int32(0).end());
  };
  const answer = ({ api, encode }: Request<unknown>, address: string): Buffer => {
    cluster.requests.push({ api, address, atMs: scheduler.frame });
    const reader = new ByteReader(Buffer.concat(encode()));
    if (api === 'Metadata') return metadata(reader);
    if (api === 'Produce') return produce(reader, address);
    producerId += 1;
    return Buffer.concat(new ByteWriter().int32(0).int16(0).int32(0).int32(producerId).int16(0).end());
  };

  const from: FakeCluster['from'] = (host) => (name, port, options) => {
    const address = `${name}:${port}`;
    const one: Tried = { host, address, atMs: scheduler.frame };
    cluster.tried.push(one);
    const waiting = new Set<(cause: string) => void>();
    let end: (cause: string) => void = () => undefined;

    const connection: BrokerConnection = {
      request: (request, timeoutMs) =>
        new Promise((resolve) => {
          if (!live.has(one)) {
            resolve(E.left({ kind: 'not_sent', message: 'closed' }));
            return;
          }
          const fail = (cause: string): void => resolve(E.left(lost(cause)));
          waiting.add(fail);
          after(2 * LATENCY_MS, () => {
            if (!waiting.has(fail)) return;
            if (places.get(address) !== 'broker') {
              options.timers.after(timeoutMs - 2 * LATENCY_MS, () => end(`${address}: no answer`));
              return;
            }
            waiting.delete(fail);
            resolve(E.right(request.decode(new ByteReader(answer(request, address)), request.versions[1])));
          });
        }),
    };
    const opened = new Promise<E.Either<string, BrokerConnection>>((resolve) => {
      end = (cause) => {
        if (one.endMs !== undefined) return;
        one.endMs = scheduler.frame;
        const stood = live.delete(one);
        for (const fail of waiting) fail(cause);
        if (stood) options.onClose(cause);
        else resolve(E.left(cause));
      };
      after(2 * LATENCY_MS, () => {
        const at = places.get(address) ?? 'nobody';
        if (at === 'nobody') end(`${address}: refused`);
        if (one.endMs !== undefined) return;
        if (at === 'silence') {
          const restMs = options.connectionSetupTimeoutMs - 2 * LATENCY_MS;
          options.timers.after(restMs, () => end(`${address}: no connection in time`));
          return;
        }
        one.upMs = scheduler.frame;
        live.set(one, end);
        resolve(E.right(connection));
        if (at === 'closes') after(LATENCY_MS, () => end(`${one.address}: closed by the broker`));
      });
    });
    return { opened, close: (cause) => end(cause) };
  };

  const closeAll = (address: string): void => {
    for (const [one, end] of [...live]) if (one.address === address) end(`${one.address}: closed by the broker`);
  };
  const cluster: FakeCluster = {
    from,
    nodes: new Map(),
    leaders: [1],
    tried: [],
    requests: [],
    messages: [],
    standing: (host) => [...live.keys()].filter((one) => host === undefined || one.host === host),
    closeAll,
    put: (address, at) => {
      places.set(address, at);
      if (at === 'nobody') closeAll(address);
    },
  };
  return cluster;
};

/** Lets virtual time pass, with all that promises do in between. */
export const advance = async (scheduler: VirtualTimeScheduler, toMs: number): Promise<void> => {
  const settle = (): Promise<void> => new Promise(setImmediate);
  await settle();
  for (;;) {
    const next = scheduler.actions[0]?.delay ?? Infinity;
    if (next > toMs) break;
    scheduler.maxFrames = next;
    scheduler.flush();
    await settle();
  }
  scheduler.frame = toMs;
};
