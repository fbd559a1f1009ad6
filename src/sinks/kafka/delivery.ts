import { narrowed, type Batch, type Cause, type Frames, type Rest } from '../../model';
import { LENGTH_BYTES } from '../../wire/frame';

/** What became of messages. `moved`: other parts speak for them now. */
export type Fate =
  | { readonly kind: 'acknowledged'; readonly maybeTwice: boolean }
  | { readonly kind: 'failed'; readonly cause: Cause; readonly written: Rest['written'] }
  | { readonly kind: 'moved' };

/** Where messages wait or are on their way, and what to tell to let go of those of `part`. */
export interface Holder {
  giveUp(part: Part, cause: Cause): void;
}

/** Messages of one delivery that share their fate, mostly since they are in one record batch. */
export interface Part {
  readonly delivery: Delivery;
  /** Only while there is no fate: record batches and deliveries overlap, and their links would keep all there ever were. */
  holder: Holder | undefined;
  readonly index: number;
  count: number;
  fate?: Fate;
}

/** Gives a part its fate and lets go of its holder. */
export const decide = (part: Part, fate: Fate): void => {
  part.fate = fate;
  part.holder = undefined;
};

/** One message: its frame within its run, and its place in the batch. */
export interface Message {
  readonly delivery: Delivery;
  readonly frames: Frames;
  readonly start: number;
  readonly end: number;
  readonly index: number;
}

/** The fate of a whole batch, or of the messages in it that share one. */
export interface Ended {
  readonly batch: Batch;
  readonly fate: Exclude<Fate, { kind: 'moved' }>;
}

/**
 * Follows the messages of one batch written until each has its fate. In the plain case, one record batch that is
 * acknowledged, it costs nothing per message; only a failure pays for taking the batch apart.
 */
export class Delivery {
  readonly parts: Part[] = [];
  /** Each message's part, once there are two. */
  private partOf: Uint32Array | undefined;
  private assigned = 0;
  private unsettled: number;
  /** All messages have their fate, and that has been told. */
  ended = false;

  constructor(
    readonly batch: Batch,
    private readonly onEnd: (ended: readonly Ended[]) => void,
    /** When it was written, milliseconds since 1970. */
    readonly sinceMs: number,
  ) {
    this.unsettled = batch.count;
  }

  newPart(holder?: Holder): Part {
    const part: Part = { delivery: this, holder, index: this.parts.length, count: 0 };
    this.parts.push(part);
    if (part.index === 1) this.partOf = new Uint32Array(this.batch.count);
    return part;
  }

  /** Puts the next `count` messages, in order, into `part`. */
  assign(part: Part, count: number): void {
    const { assigned, partOf } = this;
    if (partOf) {
      if (count === 1) partOf[assigned] = part.index;
      else partOf.fill(part.index, assigned, assigned + count);
    }
    part.count += count;
    this.assigned = assigned + count;
  }

  /** Puts one message, wherever it was, into `part`. */
  reassign(index: number, part: Part): void {
    if (this.partOf) this.partOf[index] = part.index;
    part.count += 1;
  }

  /** A part for one message alone. */
  moveToNewPart({ index }: Message): Part {
    const part = this.newPart();
    this.reassign(index, part);
    return part;
  }

  /** Gives the messages of `part` their fate; the last part's ends the delivery. */
  settle(part: Part, fate: Exclude<Fate, { kind: 'moved' }>): void {
    if (part.fate) return;
    decide(part, fate);
    this.unsettled -= part.count;
    if (this.unsettled > 0) return;
    this.ended = true;
    this.onEnd(this.outcome());
  }

  /** The next `count` messages will never be taken. */
  poison(count: number, message: string): void {
    const part = this.newPart();
    this.assign(part, count);
    this.settle(part, { kind: 'failed', cause: { kind: 'poison', message }, written: 'no' });
  }

  /** One message, wherever it was, will never be taken after all. */
  poisonOne(moved: Message, message: string): void {
    this.settle(this.moveToNewPart(moved), { kind: 'failed', cause: { kind: 'poison', message }, written: 'no' });
  }

  /** Gives all messages one fate, before any has been assigned. */
  settleAll(fate: Exclude<Fate, { kind: 'moved' }>): void {
    const part = this.newPart();
    this.assign(part, this.batch.count);
    this.settle(part, fate);
  }

  /** Ends the delivery: what has no fate yet fails. */
  giveUp(cause: Cause): void {
    if (this.parts.length === 0) this.settleAll({ kind: 'failed', cause, written: 'no' });
    for (const part of [...this.parts]) if (!part.fate) part.holder?.giveUp(part, cause);
  }

  /** The messages of one part, in order. */
  messagesOf(part: Part): readonly Message[] {
    return this.messages().filter(({ index }) => this.partAt(index) === part);
  }

  fateOf({ index }: Message): Fate | undefined {
    return this.partAt(index)?.fate;
  }

  private partAt(index: number): Part | undefined {
    return this.parts[this.partOf?.[index] ?? 0];
  }

  private messages(): readonly Message[] {
    let index = 0;
    return this.batch.frames.flatMap((frames) => {
      const found: Message[] = [];
      for (let start = 0; start < frames.bytes.length; index += 1) {
        const end = start + LENGTH_BYTES + frames.bytes.readUInt32LE(start);
        found.push({ delivery: this, frames, start, end, index });
        start = end;
      }
      return found;
    });
  }

  private outcome(): readonly Ended[] {
    const fates = new Map<string, Ended['fate']>();
    const keyOf = ({ fate }: Part): string | undefined => {
      if (!fate || fate.kind === 'moved') return undefined;
      const key =
        fate.kind === 'failed' ? `${fate.written} ${fate.cause.kind} ${fate.cause.message}` : `ok ${fate.maybeTwice}`;
      if (!fates.has(key)) fates.set(key, fate);
      return key;
    };
    const keys = this.parts.map(keyOf);
    if (fates.size <= 1) return [...fates.values()].map((fate) => ({ batch: this.batch, fate }));
    const groups = new Map<string, Message[]>();
    for (const message of this.messages()) {
      const key = keys[this.partOf?.[message.index] ?? 0] ?? '';
      const group = groups.get(key);
      if (group) group.push(message);
      else groups.set(key, [message]);
    }
    return [...groups].flatMap(([key, messages]) => {
      const fate = fates.get(key);
      return fate ? [{ batch: gather(this.batch, messages), fate }] : [];
    });
  }
}

/** The batch of `messages` alone, in order; neighbours in a run stay together and where they are. */
const gather = (batch: Batch, messages: readonly Message[]): Batch => {
  const frames: Frames[] = [];
  let first = messages[0];
  messages.forEach((message, n) => {
    const next = messages[n + 1];
    if (!first || (next?.frames === message.frames && next.start === message.end)) return;
    const count = message.index - first.index + 1;
    frames.push({ ...message.frames, bytes: message.frames.bytes.subarray(first.start, message.end), count });
    first = next;
  });
  return narrowed(batch, frames);
};
