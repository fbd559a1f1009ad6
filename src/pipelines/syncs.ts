import type { Answers, Env, Sync } from '../model';
import { encodeSynced } from '../wire/sync';

/** Bytes that a sync takes until it is answered: its objects, and its epoch's. */
const SYNC_BYTES = 512;

/**
 * The syncs of one connection that wait for their answers. Each is answered, in order, when its own and all earlier epochs are settled.
 *
 *     source     a-b-s----c-s----|         s: syncs
 *     settled    ------b--a----c--
 *     answers    ---------s----s--
 */
export class Syncs {
  private waiting: Sync[] = [];
  /** How many of the first are answered. */
  private answered = 0;

  constructor(
    private readonly answers: Answers,
    private readonly env: Pick<Env, 'held' | 'ledger'>,
  ) {}

  /** Takes in a sync, and asks the open batches that hold messages of its epoch to close soon. */
  add(sync: Sync): void {
    const { origin } = sync;
    this.waiting.push(sync);
    this.answers.owe();
    this.env.held.charge(SYNC_BYTES);
    origin.settled = this.answer;
    if (origin.gathering) for (const close of [...origin.gathering]) close();
    this.answer();
  }

  private readonly answer = (): void => {
    const { waiting } = this;
    const { held, ledger } = this.env;
    for (let sync = waiting[this.answered]; sync?.origin.open === 0; sync = waiting[this.answered]) {
      this.answered += 1;
      const { token, origin } = sync;
      ledger.synced(origin.worst);
      this.answers.send(encodeSynced({ token, status: origin.worst, messages: origin.messages }));
      // What has room now may settle at once, and come here again.
      held.release(SYNC_BYTES);
    }
    this.forgetAnswered();
  };

  /** Not one by one: to shift a long list costs as much as it is long. */
  private forgetAnswered(): void {
    if (2 * this.answered < this.waiting.length) return;
    this.waiting.splice(0, this.answered);
    this.answered = 0;
  }
}
