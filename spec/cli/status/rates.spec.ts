import { ratesBetween } from '../../../src/cli/status/rates';
import { NOW_MS, statusDocumentOf, streamStatus, totals } from '../../support/statusDocuments';

const at = (seconds: number, delivered: number, startedMs = 1) =>
  statusDocumentOf({
    daemon: { nowMs: NOW_MS + seconds * 1000, startedMs },
    received: 2 * delivered,
    streams: [streamStatus('k', { totals: totals({ delivered }) })],
  });

describe('ratesBetween', () => {
  it('knows none from one document', () => {
    expect(ratesBetween(undefined, at(0, 10))).toBeUndefined();
  });

  it('divides what has come by the time between', () => {
    const rates = ratesBetween(at(0, 10), at(2, 30));
    expect(rates).toEqual({ received: 20, delivered: new Map([['k', 10]]) });
  });

  it('takes a stream that is new to have had nothing', () => {
    expect(ratesBetween({ ...at(0, 10), streams: [] }, at(1, 30))?.delivered.get('k')).toBe(30);
  });

  it('knows none between two daemons, or where no time has passed', () => {
    expect(ratesBetween(at(0, 10, 1), at(2, 3, 2))).toBeUndefined();
    expect(ratesBetween(at(0, 10), at(0, 11))).toBeUndefined();
  });
});
