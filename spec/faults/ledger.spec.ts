import { emptyRow, type LedgerRow } from '../../src/model';
import type { Ended } from '../support/daemon';
import { droppedIn, lastLedger, ledgerFaults, stopFaults, sumOf } from './ledger';

const row = (figures: Partial<LedgerRow>): LedgerRow => ({ ...emptyRow('b', 's'), ...figures });
const ended = (code: number, ...ledger: readonly LedgerRow[]): Ended => ({
  code,
  signal: null,
  lines: [{ msg: 'listening' }, { msg: 'stopped', ledger }],
  output: '',
});

const GOOD = row({
  received: 9,
  recovered: 1,
  delivered: 4,
  backedUp: 2,
  deadLettered: 1,
  dropped: { a: 1, b: 1 },
  sampledOut: 1,
});

describe('the ledger of a fault case', () => {
  it('adds up over all columns', () => {
    expect(ledgerFaults([GOOD])).toEqual([]);
    expect(stopFaults(ended(0, GOOD))).toEqual([]);
  });

  it.each<readonly [string, Partial<LedgerRow>]>([
    ['too much came', { received: 10 }],
    ['too much was recovered', { recovered: 2 }],
    ['one is delivered twice', { delivered: 5 }],
    ['one is held as well', { held: 1 }],
    ['one was dropped for no reason', { dropped: { a: 2, b: 1 } }],
  ])('does not where %s', (_, wrong) => {
    expect(ledgerFaults([GOOD, { ...GOOD, ...wrong }])).toEqual([expect.stringMatching(/^I5: b on s: /)]);
  });

  it('says what is wrong with a stop', () => {
    expect(stopFaults(ended(70, row({ received: 2, held: 2 })))).toEqual([
      'the daemon ended with 70, not with 0',
      'I5: 2 messages are still held after the stop',
    ]);
    expect(stopFaults({ code: null, signal: 'SIGKILL', lines: [], output: '' })).toEqual([
      'the daemon ended with SIGKILL, not with 0',
      'the last line of the log is not "stopped"',
    ]);
  });

  it('is that of the last line that has one', () => {
    const lines = [
      { msg: 'fatal', ledger: [row({ received: 1 })] },
      { msg: 'stopped', ledger: [row({ received: 2 })] },
      { msg: 'bye' },
    ];
    expect(lastLedger({ lines })).toEqual([row({ received: 2 })]);
    expect(lastLedger({ lines: [] })).toEqual([]);
  });

  it('sums columns and drops', () => {
    expect(sumOf([GOOD, GOOD], 'delivered')).toBe(8);
    expect(sumOf([GOOD, row({ stream: 't', delivered: 7 })], 'delivered', ({ stream }) => stream === 't')).toBe(7);
    expect(droppedIn([GOOD, GOOD])).toBe(4);
  });
});
