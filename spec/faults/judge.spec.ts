import { emptyResult, skippedBecause, type FaultResult, type Invariant } from './faultCase';
import { judge } from './judge';

const judged = (invariant: Invariant, figures: Partial<FaultResult>): readonly string[] =>
  judge({ invariants: [invariant] }, { ...emptyResult(), ...figures }).violations;

describe('the judge of a case', () => {
  it.each<readonly [Invariant, Partial<FaultResult>, Partial<FaultResult>]>([
    ['I1', { lost: 3, allowedLost: 3 }, { lost: 4, allowedLost: 3 }],
    ['I2', { invented: 0 }, { invented: 1 }],
    ['I3', { duplicates: 5, duplicatesPossible: 5 }, { duplicates: 6, duplicatesPossible: 5 }],
    ['I4', { outOfOrder: 0 }, { outOfOrder: 1 }],
    ['I6', { returnS: 30 }, { returnS: 30.1 }],
    ['I6', { returnS: 50, returnLimitS: 60 }, {}],
    ['I7', { peakMb: 250, maxMemoryMb: 250 }, { peakMb: 251, maxMemoryMb: 250 }],
    ['I7', { descriptors: { before: 20, after: 28 } }, { descriptors: { before: 20, after: 29 } }],
  ])('%s holds at %j and is broken at %j', (invariant, good, bad) => {
    expect(judged(invariant, good)).toEqual([]);
    expect(judged(invariant, bad)).toEqual([expect.stringMatching(`^${invariant}: `)]);
  });

  it('judges by the invariants of the case alone', () => {
    expect(judge({ invariants: ['I2'] }, { ...emptyResult(), lost: 1, outOfOrder: 1 }).violations).toEqual([]);
  });

  it('lets a client wait as long as the switch takes, or as the case allows', () => {
    const waited = (figures: Partial<FaultResult>) => judged('I2', { longestWaitMs: 4000, ...figures });
    expect(waited({})).toEqual([]);
    expect(waited({ switchS: 3 })).toEqual([]);
    expect(waited({ switchS: 2.9 })).toEqual(['a client waited 4.0 s, at most 2.9 expected']);
    expect(waited({ switchS: 2.9, waitLimitMs: 3000 })).toEqual([]);
    expect(waited({ waitLimitMs: 2000 })).toEqual(['a client waited 4.0 s, at most 2.0 expected']);
  });

  it('keeps what the case found itself', () => {
    expect(judged('I1', { lost: 1, violations: ['mine'] })).toEqual(['I1: 1 lost, at most 0 may be', 'mine']);
  });

  it('has nothing to say of a case that was skipped', () => {
    expect(judge({ invariants: ['I6'] }, skippedBecause('no root'))).toEqual(skippedBecause('no root'));
  });
});
