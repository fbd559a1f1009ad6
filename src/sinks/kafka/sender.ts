import * as E from 'fp-ts/Either';
import type { Brokers } from './brokers';
import type { RequestFailure } from './connection';
import type { Partition } from './partition';
import type { ProducerBatch } from './producerBatch';
import type { ProducerIds } from './producerIds';
import { produceRequest, type PartitionAnswer, type PartitionData, type ProduceAnswer } from './requests';
import { replicaWaitMs, type ReplicaWait } from './replicaWait';
import type { Timers } from './timers';

export interface SenderOptions extends ReplicaWait {
  readonly brokers: Pick<Brokers, 'connect' | 'isConnected' | 'produce'>;
  readonly ids: Pick<ProducerIds, 'get'>;
  readonly timers: Timers;
  readonly acks: -1 | 0 | 1;
  readonly now: () => number;
  /** Requests on their way to one broker. */
  readonly maxInFlight: number;
  /** What became of a batch that left, or was about to. */
  readonly onAnswer: (partition: Partition, batch: ProducerBatch, answer: PartitionAnswer) => void;
  readonly onFailure: (partition: Partition, batch: ProducerBatch, failure: RequestFailure) => void;
  /** Nobody leads the partition, or its leader cannot be reached. */
  readonly onNoLeader: (partition: Partition, cause: string) => void;
}

/** A request carries this much at most, beside a first batch that is larger; a broker closes on 100 MB. */
const MAX_REQUEST_BYTES = 8_000_000;

/** What waits for one broker and what is on its way there. */
interface Lane {
  readonly broker: number;
  inFlight: number;
  connecting: boolean;
  /** Ends the time for which the broker wants to be left alone. */
  throttle: { readonly untilMs: number; readonly cancel: () => void } | undefined;
  readonly waiting: Set<Partition>;
}

interface Outgoing {
  readonly partition: Partition;
  readonly batch: ProducerBatch;
  readonly data: PartitionData;
}

/** Sends the first record batch of every partition that is ready, in one request to each broker. */
export class Sender {
  private readonly lanes = new Map<number, Lane>();
  private awake: Partition[] = [];

  constructor(private readonly options: SenderOptions) {}

  /** Looks at a partition once what runs now has run, so that what arrives together leaves together. */
  wake(partition: Partition): void {
    if (partition.awake) return;
    partition.awake = true;
    if (this.awake.length === 0) queueMicrotask(() => this.flush());
    this.awake.push(partition);
  }

  private flush(): void {
    const awake = this.awake;
    this.awake = [];
    const lanes = new Map<Lane, Partition[]>();
    for (const partition of awake) {
      partition.awake = false;
      const lane = this.openLane(partition);
      if (!lane) continue;
      const same = lanes.get(lane);
      if (same) same.push(partition);
      else lanes.set(lane, [partition]);
    }
    for (const [lane, partitions] of lanes) this.fill(lane, partitions);
  }

  /** The lane on which the partition may send now; without one, it is woken when that changes. */
  private openLane(partition: Partition): Lane | undefined {
    if (partition.isEmpty || partition.resting) return undefined;
    if (partition.leader < 0) {
      this.options.onNoLeader(partition, 'the partition has no leader');
      return undefined;
    }
    const lane = this.laneTo(partition.leader);
    if (this.options.brokers.isConnected(lane.broker) && !lane.throttle && lane.inFlight < this.options.maxInFlight)
      return lane;
    lane.waiting.add(partition);
    if (!this.options.brokers.isConnected(lane.broker)) void this.connect(lane);
    return undefined;
  }

  private laneTo(broker: number): Lane {
    const lane = this.lanes.get(broker) ?? {
      broker,
      inFlight: 0,
      connecting: false,
      throttle: undefined,
      waiting: new Set<Partition>(),
    };
    this.lanes.set(broker, lane);
    return lane;
  }

  private async connect(lane: Lane): Promise<void> {
    if (lane.connecting) return;
    lane.connecting = true;
    const connected = await this.options.brokers.connect(lane.broker);
    lane.connecting = false;
    if (E.isLeft(connected))
      for (const partition of lane.waiting)
        this.options.onNoLeader(partition, `broker ${lane.broker}: ${connected.left}`);
    this.wakeAll(lane);
  }

  private wakeAll({ waiting }: Lane): void {
    const woken = [...waiting];
    waiting.clear();
    for (const partition of woken) this.wake(partition);
  }

  /** Sends what is ready, in as many requests as its size asks for. */
  private fill(lane: Lane, partitions: readonly Partition[]): void {
    let request: Outgoing[] = [];
    let bytes = 0;
    for (const partition of partitions) {
      if (lane.inFlight >= this.options.maxInFlight) {
        lane.waiting.add(partition);
        continue;
      }
      const outgoing = this.take(partition);
      if (!outgoing) continue;
      request.push(outgoing);
      bytes += outgoing.data.payload.length;
      if (bytes < MAX_REQUEST_BYTES) continue;
      void this.send(lane, request);
      request = [];
      bytes = 0;
    }
    if (request.length > 0) void this.send(lane, request);
  }

  private take(partition: Partition): Outgoing | undefined {
    const identity = partition.identity ?? this.options.ids.get();
    if (!identity) return undefined;
    const batch = partition.next();
    if (!batch) return undefined;
    const data = { topic: partition.topic, partition: partition.index, ...partition.send(batch, identity) };
    return { partition, batch, data };
  }

  private async send(lane: Lane, outgoing: readonly Outgoing[]): Promise<void> {
    lane.inFlight += 1;
    const nowMs = this.options.now();
    const request = produceRequest(
      outgoing.map(({ data }) => data),
      this.options.acks,
      replicaWaitMs(this.options, nowMs - this.waitsSinceMs(outgoing, nowMs)),
    );
    const answer = await this.options.brokers.produce(lane.broker, request);
    lane.inFlight -= 1;
    if (E.isRight(answer)) this.throttle(lane, answer.right.throttleMs);
    for (const one of outgoing) this.settle(one, answer);
    if (!lane.throttle) this.wakeAll(lane);
  }

  private settle({ partition, batch }: Outgoing, answer: E.Either<RequestFailure, ProduceAnswer>): void {
    const { onAnswer, onFailure } = this.options;
    if (E.isLeft(answer)) onFailure(partition, batch, answer.left);
    else {
      const mine = answer.right.partitions.find(
        (one) => one.topic === partition.topic && one.partition === partition.index,
      );
      if (mine?.code === 0) partition.acknowledgedMs = this.options.now();
      if (mine) onAnswer(partition, batch, mine);
      else onFailure(partition, batch, { kind: 'unknown', message: 'the broker’s answer leaves this partition out' });
    }
    this.wake(partition);
  }

  /** Leaves a broker alone for as long as it asked, by whichever answer is longest. */
  private throttle(lane: Lane, ms: number): void {
    const { now, timers } = this.options;
    const untilMs = now() + ms;
    if (ms <= 0 || (lane.throttle && lane.throttle.untilMs >= untilMs)) return;
    lane.throttle?.cancel();
    const cancel = timers.after(ms, () => {
      lane.throttle = undefined;
      this.wakeAll(lane);
    });
    lane.throttle = { untilMs, cancel };
  }

  /** Since when the oldest of it waits for an acknowledgement, which the last one of its partition puts off. */
  private waitsSinceMs(outgoing: readonly Outgoing[], nowMs: number): number {
    return outgoing.reduce(
      (oldest, { partition, batch }) => Math.min(oldest, Math.max(batch.sinceMs ?? nowMs, partition.acknowledgedMs)),
      nowMs,
    );
  }
}
