import * as E from 'fp-ts/Either';
import { readDocument } from '../../../src/cli/status/document';
import { bucketRow, statusDocumentOf, streamStatus } from '../../support/statusDocuments';

const asSent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('readDocument', () => {
  it('takes what a daemon says, as it is', () => {
    const sent = asSent(
      statusDocumentOf({ buckets: { matching: 1, rows: [bucketRow('b', { dropped: { poison: 1 } })] } }),
    );
    expect(readDocument(sent)).toEqual(E.right(sent));
  });

  it('takes fields that it does not know', () => {
    expect(E.isRight(readDocument({ ...statusDocumentOf(), news: 1 }))).toBe(true);
  });

  it('tells of a later version', () => {
    expect(readDocument({ ...statusDocumentOf(), version: 2 })).toEqual(
      E.left('expected a status of version 1, found 2: use the kahets of the daemon’s version'),
    );
  });

  it.each([
    undefined,
    null,
    [],
    { status: 'ok' },
    { version: 1 },
    { ...statusDocumentOf(), streams: [{ id: 'kafka' }] },
    { ...statusDocumentOf(), streams: [streamStatus('k'), { ...streamStatus('l'), totals: { received: '1' } }] },
  ])('takes nothing else: %j', (value) => {
    expect(readDocument(value)).toEqual(E.left('expected the status of a kahets, found something else'));
  });
});
