import * as E from 'fp-ts/Either';
import { BehaviorSubject, type Observable } from 'rxjs';
import type { Log } from '../../model';
import type { Brokers } from './brokers';
import { NO_SEQUENCE, type Sequence } from './header';
import { backoffMs, LASTING_FAILURES, type Backoff, type Timers } from './timers';
import { describeCode } from './verdict';

/** Who sends, for the broker to recognise resent batches by. */
export type Identity = Pick<Sequence, 'producerId' | 'epoch'>;

/** Without idempotence. */
export const NOBODY: Identity = NO_SEQUENCE;

export interface ProducerIdsOptions {
  readonly idempotence: 'off' | 'preferred' | 'required';
  readonly brokers: Pick<Brokers, 'producerId'>;
  readonly retry: Backoff;
  readonly timers: Timers;
  readonly log: Log;
  /** An identity can be had now. */
  readonly onReady: () => void;
}

/** Not allowed, or not known: asking again does not help. */
const REFUSALS: ReadonlySet<number> = new Set([31, 35, 53]);

/** The producer id that partitions start from. One that must not be used any more is replaced for whoever asks next. */
export class ProducerIds {
  private current: Identity | undefined;
  private asking = false;
  private failures = 0;
  private readonly refused = new BehaviorSubject<string | undefined>(undefined);
  /** Why nothing can be sent as long as `required` is refused; undefined: it can, or that is not known yet. */
  readonly refusal$: Observable<string | undefined> = this.refused;

  constructor(private readonly options: ProducerIdsOptions) {
    if (options.idempotence === 'off') this.current = NOBODY;
  }

  /** The identity to send with; where there is none yet, `onReady` tells when there is. */
  get(): Identity | undefined {
    if (!this.current) void this.ask();
    return this.current;
  }

  /** Takes `identity` out of use for new partitions. Default: whichever it is. */
  retire(identity = this.current): void {
    if (identity === this.current && this.current !== NOBODY) this.current = undefined;
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const answer = await this.options.brokers.producerId();
    const refusal = this.take(answer);
    if (refusal !== undefined) {
      this.failures += 1;
      await new Promise<void>((resolve) =>
        this.options.timers.after(backoffMs(this.options.retry, this.failures), resolve),
      );
    } else this.failures = 0;
    this.asking = false;
    if (this.current) this.options.onReady();
    else void this.ask();
  }

  /** Takes the id, or says why there is none. */
  private take(answer: Awaited<ReturnType<Brokers['producerId']>>): string | undefined {
    const { idempotence, log } = this.options;
    if (E.isRight(answer) && answer.right.code === 0) {
      this.current = answer.right;
      this.refused.next(undefined);
      return undefined;
    }
    const refused = E.isLeft(answer) ? answer.left.kind === 'unsupported' : REFUSALS.has(answer.right.code);
    const message = E.isLeft(answer) ? answer.left.message : describeCode(answer.right.code);
    if (!refused) {
      if (this.failures + 1 === LASTING_FAILURES)
        log.warn('no producer id yet: messages wait for it', { cause: message });
      return message;
    }
    if (idempotence === 'required') {
      if (this.refused.value === undefined)
        log.error('no producer id, though enable.idempotence is true: nothing is sent', { cause: message });
      this.refused.next(`no producer id: ${message}`);
      return message;
    }
    log.warn('no producer id: going on without idempotence, a resend may write twice', { cause: message });
    this.current = NOBODY;
    return undefined;
  }
}
