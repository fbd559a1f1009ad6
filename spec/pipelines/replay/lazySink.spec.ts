import * as TE from 'fp-ts/TaskEither';
import { firstValueFrom, from, NEVER, of } from 'rxjs';
import { SinkError, type OpenError, type Sink } from '../../../src/model';
import { lazySink } from '../../../src/pipelines/replay/lazySink';
import { batchOf, delivered } from '../../../src/testing/builders';

const batch = batchOf('b', ['1']);
const file = { path: 'one', bytes: 1, bucket: undefined, madeMs: 0, own: false };

const parts = (failures = 0) => {
  const calls: string[] = [];
  const sink: Sink = {
    health$: NEVER,
    write: () => of(delivered(batch)),
    spool: { files: (closes) => Promise.resolve(closes('b') ? [file] : []) },
    close: () => {
      calls.push('close');
      return Promise.resolve();
    },
  };
  const open: TE.TaskEither<OpenError, Sink> = () => {
    calls.push('open');
    return (calls.length > failures ? TE.right(sink) : TE.left({ sink: 's', message: 'no folder' }))();
  };
  return { calls, lazy: lazySink('s', open) };
};

describe('lazySink', () => {
  it('opens nothing where nothing is asked of it', async () => {
    const { calls, lazy } = parts();
    await lazy.close();
    expect(calls).toEqual([]);
  });

  it('opens once for all writes and listings, and closes', async () => {
    const { calls, lazy } = parts();
    const both = [firstValueFrom(lazy.write(batch, NEVER)), firstValueFrom(lazy.write(batch, NEVER))];
    expect(await Promise.all(both)).toEqual([delivered(batch), delivered(batch)]);
    expect(await firstValueFrom(from(lazy.spool.files(() => true)))).toEqual([file]);
    expect(await firstValueFrom(from(lazy.spool.files(() => false)))).toEqual([]);
    await lazy.close();
    expect(calls).toEqual(['open', 'close']);
  });

  it('fails while it cannot be opened, and tries again', async () => {
    const { calls, lazy } = parts(2);
    const error = await firstValueFrom(lazy.write(batch, NEVER)).catch((thrown: unknown) => thrown);
    expect(error).toEqual(
      new SinkError('s', [{ batch, cause: { kind: 'unavailable', message: 'no folder' }, written: 'no' }]),
    );
    await expect(firstValueFrom(from(lazy.spool.files(() => true)))).rejects.toThrow('no folder');
    expect(await firstValueFrom(lazy.write(batch, NEVER))).toEqual(delivered(batch));
    await lazy.close();
    expect(calls).toEqual(['open', 'open', 'open', 'close']);
  });
});
