import { plot } from '../../bench/growth/plot';
import { growthSection, growthText } from '../../bench/growth/report';
import { factorsOf, middleOf, seriesOf, type Step } from '../../bench/growth/series';
import type { Growth } from '../../bench/growth/growth';

const aGrowth = (over: Partial<Growth> = {}): Growth => ({
  name: 'connections',
  title: 'Connections',
  what: 'bulk',
  unit: 'connections',
  points: [],
  ...over,
});

const aCost = (cpuMicros: number): Step['costs'][number] => ({
  cpuMicros,
  perSecond: 1000,
  peakMegabytes: 100,
  bytesARead: 2345,
});

const aStep = (x: number, ...cpus: readonly number[]): Step => ({ x, label: String(x), costs: cpus.map(aCost) });

describe('the run in the middle', () => {
  it('is none of none', () => expect(middleOf([])).toBeUndefined());
  it('is the only one', () => expect(middleOf([aCost(3)])?.cpuMicros).toBe(3));
  it('is by CPU, whatever the order of the runs', () => expect(middleOf([9, 1, 2].map(aCost))?.cpuMicros).toBe(2));
});

describe('by what a step multiplies the cost', () => {
  it('says nothing of the first step', () => expect(factorsOf(aGrowth(), [aStep(1, 5)]).size).toBe(0));

  it('counts a step of ten times as it is', () =>
    expect(factorsOf(aGrowth(), [aStep(1, 2), aStep(10, 3)]).get(10)).toBeCloseTo(1.5));

  it('counts two decades in one step as two', () =>
    expect(factorsOf(aGrowth(), [aStep(1, 1), aStep(100, 4)]).get(100)).toBeCloseTo(2));

  it('takes even steps as they are', () =>
    expect(factorsOf(aGrowth({ even: true }), [aStep(0, 1), aStep(25, 3)]).get(25)).toBeCloseTo(3));

  it('judges the cost a byte where messages grow', () => {
    const sizes = aGrowth({ bytesAt: (x) => x });
    expect(factorsOf(sizes, [aStep(100, 2), aStep(1000, 20)]).get(1000)).toBeCloseTo(1);
  });

  it('goes over a step without a run', () =>
    expect(factorsOf(aGrowth(), [aStep(1, 1), aStep(10), aStep(100, 4)])).toEqual(new Map([[100, 2]])));
});

describe('what is drawn', () => {
  it('is the cost a message', () =>
    expect(seriesOf(aGrowth(), [aStep(1, 2)])).toEqual([{ name: 'CPU µs a message', points: [{ x: 1, y: 2 }] }]));

  it('is also the cost a byte where messages grow', () =>
    expect(seriesOf(aGrowth({ bytesAt: (x) => x }), [aStep(100, 2)])[1]).toEqual({
      name: 'CPU ns a byte',
      points: [{ x: 100, y: 20 }],
    }));

  it('is an SVG without a ground, so that light and dark shine through, with every point', () => {
    const steps = [aStep(1, 1.5), aStep(10, 2.5), aStep(100, 7.5)];
    const svg = plot(aGrowth(), seriesOf(aGrowth(), steps));
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 720 360"/);
    for (const label of ['1.5', '2.5', '7.5', 'Connections']) expect(svg).toContain(`>${label}</text>`);
    expect(svg).not.toMatch(/<rect[^>]*width="720"[^>]*fill="(?!none)/);
  });

  it('is drawn where a step is 0', () => {
    const even = aGrowth({ even: true });
    expect(plot(even, seriesOf(even, [aStep(0, 1), aStep(50, 2)]))).not.toContain('NaN');
  });
});

describe('the report', () => {
  it('marks a cliff', () => {
    const steps = [aStep(1, 1), aStep(10, 1.9), aStep(100, 9)];
    expect(growthText({ growth: aGrowth(), steps }).match(/[\d.]+ !/g)).toEqual(['4.74 !']);
  });

  it('shows what comes with a read', () =>
    expect(growthText({ growth: aGrowth(), steps: [aStep(1, 1)] })).toMatch(/ 1,000 +2,345 +100$/));

  it('says why a step has no run', () => {
    const failed: Step = { ...aStep(10), failed: 'failed: 3 expected, 2 arrived' };
    expect(growthText({ growth: aGrowth(), steps: [failed] })).toContain('failed: 3 expected, 2 arrived');
  });
});

describe('the section of the page', () => {
  const names = ['connections', 'sizes'];
  const grown = (name: string, cpu: number) => ({ growth: aGrowth({ name, title: name }), steps: [aStep(1, cpu)] });

  it('replaces what was measured again, and keeps the rest in its order', () => {
    const first = growthSection('', [grown('sizes', 1.25), grown('connections', 2.25)], names);
    expect(first.match(/^### .*/gm)).toEqual(['### connections (`connections`)', '### sizes (`sizes`)']);

    const again = growthSection(first, [grown('sizes', 3.25)], names);
    expect(again).toContain('3.25');
    expect(again).not.toContain('1.25');
    expect(again).toContain('2.25');
    expect(again.match(/^## /gm)).toHaveLength(1);
  });

  it('says below the table why it grows, where that is known', () => {
    const growth = aGrowth({ why: 'It has its reasons.' });
    const section = growthSection('', [{ growth, steps: [aStep(1, 1)] }], names);
    expect(section).toMatch(/\|\n\nIt has its reasons\.$/);
    expect(growthSection(section, [grown('sizes', 1)], names)).toContain('It has its reasons.');
  });

  it('drops what is no growth any more', () =>
    expect(growthSection(growthSection('', [grown('gone', 1)], ['gone']), [], names)).not.toContain('gone'));
});
