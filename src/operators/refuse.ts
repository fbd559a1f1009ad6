import { throwError, type Observable } from 'rxjs';
import { SinkError, type Batch, type Cause } from '../model';

/** Fails with all of `batch`, none of which was written. */
export const refuse = (sink: string, batch: Batch, cause: Cause): Observable<never> =>
  throwError(() => new SinkError(sink, [{ batch, cause, written: 'no' }]));
