import { BehaviorSubject, type Observable } from 'rxjs';
import type { Log } from '../../model';

/** A topic that takes no messages now, and why. */
export interface TopicTrouble {
  readonly topic: string;
  readonly cause: string;
}

/** Where it was learnt: what the cluster says of a topic does not tell whether it may be written to. */
type Source = 'metadata' | 'produce';

/** The topics that take no messages now. */
export class TopicTroubles {
  private readonly found = new BehaviorSubject<readonly (TopicTrouble & { readonly from: Source })[]>([]);
  /** All of them first, then at every change. */
  readonly all$: Observable<readonly TopicTrouble[]> = this.found;

  constructor(private readonly log: Log) {}

  note(topic: string, cause: string, from: Source): void {
    if (this.found.value.some((one) => one.topic === topic && one.cause === cause)) return;
    this.log.warn('topic takes no messages', { topic, cause });
    this.found.next([...this.found.value.filter((one) => one.topic !== topic), { topic, cause, from }]);
  }

  /** `produce`: a batch went through, so that nothing at all is wrong any more. */
  clear(topic: string, by: Source): void {
    const { value } = this.found;
    const left = value.filter((one) => one.topic !== topic || (by === 'metadata' && one.from === 'produce'));
    if (left.length < value.length) this.found.next(left);
  }
}
