import { emptyResult, skippedBecause, type FaultResult } from './faultCase';
import { page, pageAgain, rowLine, tableText } from './report';
import type { Ran } from './runner';

const ran = (number: number, name: string, figures: Partial<FaultResult>): Ran => ({
  faultCase: {
    number,
    name,
    title: `fault ${number}`,
    quick: false,
    invariants: ['I1'],
    limitS: 1,
    run: () => Promise.reject(new Error('not run')),
  },
  result: { ...emptyResult(), ...figures },
  seconds: 12.3,
});

const GOOD = ran(3, 'swallowed', {
  sent: 12_345,
  duplicates: 2,
  duplicatesPossible: 7,
  switchS: 2.04,
  longestWaitMs: 12.6,
  peakMb: 99.4,
  note: 'once',
});
const BAD = ran(14, 'killed', { sent: 10, lost: 2, allowedLost: 1, violations: ['I1: 2 lost', 'stack\nat somewhere'] });
const SKIPPED = { ...ran(33, 'clock', {}), result: skippedBecause('faketime is not installed') };

describe('the report of the fault suite', () => {
  it('has a line for each case, with what is wrong below it', () => {
    expect(rowLine(GOOD)).toBe(
      'ok    3 swallowed (12 s): sent 12,345 · lost 0 · duplicates 2 (≤ 7) · s to switch 2.0 · s to return – · longest client wait, ms 13 · peak memory, MB 99\n     once',
    );
    expect(rowLine(BAD)).toMatch(/^BAD {2}14 killed .*lost 2 \(≤ 1\)[^\n]*\n {5}I1: 2 lost\n {5}stack\nat somewhere$/);
    expect(rowLine(SKIPPED)).toBe('skip 33 clock (12 s): faketime is not installed');
  });

  it('has a table on the terminal', () => {
    const [head = '', ...rows] = tableText([GOOD, BAD, SKIPPED]).split('\n');
    expect(head).toMatch(/case +sent +lost +duplicates/);
    expect(rows.map((row) => row.slice(0, 7))).toEqual(['ok 3   ', 'BAD 14 ', 'skip 33']);
  });

  it('has a page with numbered rows, notes, the seed, and why a case was left out', () => {
    const text = page([GOOD, BAD, SKIPPED], 42);
    expect(text).toContain('| 3 | fault 3 (`swallowed`) | I1 | 12,345 | 0 | 2 (≤ 7) | 2.0 | – | 13 | 99 | holds |');
    expect(text).toContain('| 2 (≤ 1) | 0 | – | – | – | – | I1: 2 lost; stack |');
    expect(text).toContain('npm run test:faults -- --seed 42');
    expect(text).toContain('- 3 `swallowed`: once\n');
    expect(text).toContain('## Left out on this machine\n\n- 33 fault 33 (`clock`): faketime is not installed\n');
    expect(text).not.toMatch(/^\| 33/m);
  });

  it('has a page on which cases that were run again stand as they are now', () => {
    const before = page([GOOD, BAD, SKIPPED], 42);
    const now = { ...ran(14, 'killed', { sent: 20, allowedLost: 1, note: 'alone' }) };
    const text = pageAgain(before, [now, { ...GOOD, result: { ...GOOD.result, note: 'twice' } }], 7);
    expect(text).toContain('| 14 | fault 14 (`killed`) | I1 | 20 | 0 (≤ 1) | 0 | – | – | – | – | holds |');
    expect(text).toContain('- 3 `swallowed`: twice\n- 14 `killed`: alone\n');
    expect(text).toContain('\n\nRun again by themselves, with the seed 7: `killed`, `swallowed`.\n');
    expect(text).not.toContain('stack');
    expect(text.split('\n').length).toBe(before.split('\n').length + 3);
  });

  it('has a row and a note where a case was left out before, and those that are left out still', () => {
    const before = page([GOOD, { ...SKIPPED, faultCase: { ...SKIPPED.faultCase, number: 9 } }, BAD, SKIPPED], 42);
    const clock = ran(9, 'clock', { sent: 5, note: 'a day' });
    const text = pageAgain(before, [clock], 7);
    expect(text.match(/^\| \d+ /gm)).toEqual(['| 3 ', '| 9 ', '| 14 ']);
    expect(text).toContain('- 3 `swallowed`: once\n- 9 `clock`: a day\n');
    expect(text).not.toContain('Left out');
    const other = page([GOOD, SKIPPED, { ...SKIPPED, faultCase: { ...SKIPPED.faultCase, name: 'other' } }], 42);
    expect(pageAgain(other, [clock], 7)).toMatch(
      /## Left out on this machine\n\n- 33 fault 33 \(`other`\): faketime is not installed\n$/,
    );
  });

  it('does not say again that a case is left out', () => {
    const before = page([GOOD, SKIPPED], 42);
    expect(pageAgain(before, [SKIPPED], 7)).toBe(before);
  });
});
