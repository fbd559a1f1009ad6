import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { emptyResult, type FaultCase, type FaultContext, type FaultResult } from './faultCase';
import { startCase } from './runCase';

const caseOf = (run: (context: FaultContext) => Promise<FaultResult>): FaultCase => ({
  name: 'case',
  number: 1,
  title: 'a case',
  quick: true,
  invariants: ['I1'],
  limitS: 1,
  run,
});
const ended = (run: (context: FaultContext) => Promise<FaultResult>, seed = 1): Promise<FaultResult> => {
  const broker = (): Promise<never> => Promise.reject(new Error('no broker'));
  return startCase(caseOf(run), { seed, soakMs: 0, logs: undefined, say: () => undefined, broker }).ended;
};

describe('the run of a fault case', () => {
  it('judges what the case saw', async () => {
    const { violations } = await ended(() => Promise.resolve({ ...emptyResult(), lost: 2 }));
    expect(violations).toEqual(['I1: 2 lost, at most 0 may be']);
  });

  it('has failed where the case throws, and then says no more than that', async () => {
    const { violations } = await ended(() => Promise.reject(new Error('no topic')));
    expect(violations).toEqual([expect.stringMatching(/^Error: no topic/)]);
  });

  it('undoes all that the case did, the latest first, and removes its folder', async () => {
    const did: string[] = [];
    let folder = '';
    await ended((context) => {
      ({ folder } = context);
      writeFileSync(path.join(folder, 'file'), '');
      context.atEnd(() => void did.push('first'));
      context.atEnd(() => void did.push(existsSync(folder) ? 'second' : 'too late'));
      throw new Error('in the middle');
    });
    expect(did).toEqual(['second', 'first']);
    expect(existsSync(folder)).toBe(false);
  });

  it('says what could not be undone, and undoes the rest', async () => {
    const did: string[] = [];
    const { violations } = await ended((context) => {
      context.atEnd(() => void did.push('first'));
      context.atEnd(() => Promise.reject(new Error('busy')));
      return Promise.resolve(emptyResult());
    });
    expect(did).toEqual(['first']);
    expect(violations).toEqual([expect.stringMatching(/^could not be undone: Error: busy/)]);
  });

  it('gives the same random numbers for the same seed', async () => {
    const drawn: number[] = [];
    const draw = ({ random }: FaultContext): Promise<FaultResult> => {
      drawn.push(random());
      return Promise.resolve(emptyResult());
    };
    for (const seed of [5, 5, 6]) await ended(draw, seed);
    expect(drawn[1]).toBe(drawn[0]);
    expect(drawn[2]).not.toBe(drawn[0]);
  });
});
