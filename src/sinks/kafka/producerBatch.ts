import type { Blocks, Cause, Rest } from '../../model';
import type { Compress, Compressed } from './compression';
import type { Delivery, Holder, Part } from './delivery';
import { encodeHeader } from './header';
import type { Identity } from './producerIds';
import { RecordBatch, type RecordOptions } from './recordBatch';

/** `open` takes messages; `sealed` no more; `compressing` and `ready` on its way to the broker; `sent`: an answer is due. */
type State = 'open' | 'sealed' | 'compressing' | 'ready' | 'sent';

/** A record batch of one partition, whose messages it holds, and how far it has come. */
export class ProducerBatch implements Holder {
  readonly parts: Part[] = [];
  readonly records: RecordBatch;
  state: State = 'open';
  attempts = 0;
  /** An attempt ended without a clear answer. From then on only identical bytes may be resent. */
  maybeWritten = false;
  /** It goes on under another identity after such an attempt, so that the broker cannot tell. */
  maybeTwice = false;
  private compressed: Compressed | undefined;
  /** Where to look next for a part without a fate. */
  private firstLive = 0;
  private isGone = false;
  private weight = 0;

  constructor(
    buffers: Blocks,
    options: RecordOptions,
    firstBytes: number,
    private readonly onGiveUp: (batch: ProducerBatch, part: Part, cause: Cause) => void,
  ) {
    this.records = new RecordBatch(buffers, options, firstBytes);
  }

  /** How many bytes more it takes than when this was asked last. */
  gain(): number {
    const before = this.weight;
    if (this.isGone) this.weight = 0;
    else if ((this.compressed?.codec ?? 0) === 0) this.weight = this.records.capacity;
    else this.weight = this.compressed?.payload.length ?? 0;
    return this.weight - before;
  }

  giveUp(part: Part, cause: Cause): void {
    this.onGiveUp(this, part, cause);
  }

  /** Whether somebody waits for any of it. */
  get isLive(): boolean {
    while (this.parts[this.firstLive]?.fate) this.firstLive += 1;
    return this.firstLive < this.parts.length;
  }

  /** What is to be said of it when the broker has refused it at last. */
  get doubt(): Rest['written'] {
    return this.maybeWritten ? 'unknown' : 'no';
  }

  /** Since when the oldest of it waits, milliseconds since 1970; undefined: nobody waits for any of it. */
  get sinceMs(): number | undefined {
    return this.isLive ? this.parts[this.firstLive]?.delivery.sinceMs : undefined;
  }

  /** Parts that somebody waits for. */
  get live(): readonly Part[] {
    return this.parts.filter(({ fate }) => !fate);
  }

  /** Whether it has messages that must not be sent any more, and still can be packed without them. */
  get stale(): boolean {
    return !this.maybeWritten && this.parts.some(({ fate }) => fate);
  }

  /** The part that holds `delivery`'s messages, of which the last came just before. */
  partOf(delivery: Delivery): Part {
    const last = this.parts[this.parts.length - 1];
    if (last?.delivery === delivery) return last;
    const part = delivery.newPart(this);
    this.parts.push(part);
    return part;
  }

  /** Makes it ready, at once or when the promise ends. */
  compress(compress: Compress): Promise<void> | undefined {
    const { records } = this.records;
    const raw: Compressed = { payload: records, codec: 0 };
    const done = (compressed: Compressed): void => {
      this.compressed = compressed;
      this.state = 'ready';
      if (compressed.codec !== 0) this.records.release();
    };
    const result = orRaw(() => compress(records), raw);
    if (result instanceof Promise) {
      this.state = 'compressing';
      return result.then(done, () => done(raw));
    }
    done(result);
    return undefined;
  }

  /** The wire form, the same for the same sequence. */
  encode(identity: Identity, first: number): { readonly header: Buffer; readonly payload: Buffer } {
    const { count, baseTimestamp, maxTimestamp } = this.records;
    const { payload, codec } = this.compressed ?? { payload: this.records.records, codec: 0 };
    return {
      header: encodeHeader({ count, baseTimestamp, maxTimestamp, codec }, { ...identity, first }, payload),
      payload,
    };
  }

  /** It leaves the queue. Its buffer is used again only where nothing can still be reading it. */
  discard(acknowledged: boolean): void {
    this.isGone = true;
    const unread = this.state !== 'compressing' && (acknowledged || this.attempts === 0);
    if (unread && (this.compressed?.codec ?? 0) === 0) this.records.release();
  }
}

/** A codec that fails, for lack of memory say, is no reason to lose messages. */
const orRaw = (compressed: () => ReturnType<Compress>, raw: Compressed): ReturnType<Compress> => {
  try {
    return compressed();
  } catch {
    return raw;
  }
};
