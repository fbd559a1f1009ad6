import { BehaviorSubject, type Observable } from 'rxjs';
import type { Log } from '../../model';

/**
 * Where it was learnt: what the cluster says of a topic; what a broker says of the whole topic when it is written to; one
 * partition, by its number, that has taken nothing for a while, or has had no leader that can be reached.
 */
type Source = 'metadata' | 'produce' | number | `leader of ${number}`;

/** The topics that take no messages now, and why. */
export class TopicTroubles {
  private readonly found = new Map<string, Map<Source, string>>();
  private readonly shown = new BehaviorSubject<ReadonlyMap<string, string>>(new Map());
  /** What the log was told last of a topic that has taken nothing since. */
  private readonly told = new Map<string, string>();
  private telling = false;
  /**
   * A cause for each topic; all of them first, then again after every turn that changes any: one answer may speak of thousands of
   * topics, and each of them has listeners.
   */
  readonly all$: Observable<ReadonlyMap<string, string>> = this.shown;

  constructor(private readonly log: Log) {}

  note(topic: string, cause: string, from: Source): void {
    const causes = this.found.get(topic) ?? new Map<Source, string>();
    this.found.set(topic, causes);
    causes.set(from, cause);
    if (this.told.get(topic) !== cause) this.log.warn('topic takes no messages', { topic, cause });
    this.told.set(topic, cause);
    this.show(topic);
  }

  /** Nothing is known from there any more. */
  clear(topic: string, from: Source): void {
    if (this.found.get(topic)?.delete(from)) this.show(topic);
  }

  /** A batch went through: nothing is wrong any more but what other partitions have met. */
  accepted(topic: string, partition: number): void {
    if (!this.told.has(topic)) return;
    for (const from of ['metadata', 'produce', partition, `leader of ${partition}`] as const) this.clear(topic, from);
    if (this.found.has(topic)) return;
    this.told.delete(topic);
    this.log.info('topic takes messages again', { topic });
  }

  forget(topic: string): void {
    this.told.delete(topic);
    if (this.found.delete(topic)) this.show(topic);
  }

  private show(topic: string): void {
    if (this.found.get(topic)?.size === 0) this.found.delete(topic);
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => {
      this.telling = false;
      this.shown.next(new Map([...this.found].map(([name, causes]) => [name, firstOf(causes)])));
    });
  }
}

const firstOf = (causes: ReadonlyMap<Source, string>): string => {
  const [cause = ''] = causes.values();
  return cause;
};
