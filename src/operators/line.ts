import { AsyncSubject, concat, defer, EMPTY, finalize, queueScheduler, type Observable } from 'rxjs';

/** A place in a {@link Line}. */
export interface Turn {
  /** Completes when nothing that joined earlier is in the line any more. */
  readonly earlier$: Observable<never>;
  /** Leaves the line. */
  readonly end: () => void;
}

interface Place {
  before: Place | undefined;
  after: Place | undefined;
  readonly ended$: AsyncSubject<never>;
}

const gone = (placeOf: () => Place | undefined): Observable<never> =>
  defer(() => {
    const place = placeOf();
    return place ? concat(place.ended$, gone(placeOf)) : EMPTY;
  });

/** What is under way, in the order in which it began; it may end in any. */
export class Line {
  private last: Place | undefined;

  /** Completes when what is in the line now has left it. */
  get present$(): Observable<never> {
    const turn = this.join();
    return turn.earlier$.pipe(finalize(() => turn.end()));
  }

  join(): Turn {
    const place: Place = { before: this.last, after: undefined, ended$: new AsyncSubject() };
    if (this.last) this.last.after = place;
    this.last = place;
    return {
      earlier$: gone(() => place.before),
      end: () => {
        const { before, after } = place;
        if (before) before.after = after;
        if (after) after.before = before;
        else this.last = before;
        // By a queue: many that leave as soon as they may would do so one within the other, and the stack end with them.
        queueScheduler.schedule(() => place.ended$.complete());
      },
    };
  }
}
