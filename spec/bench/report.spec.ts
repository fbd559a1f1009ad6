import { sectionsOf, withSections } from '../../bench/page';
import { summarySection } from '../../bench/performance';
import { report, reportMarkdown, type MeasuredSubject } from '../../bench/report';
import type { Shape } from '../../bench/shape';
import { SHAPES } from '../../bench/shapes';
import type { Result } from '../../bench/subject';

const shapeOf = (name: string): Shape => {
  const shape = SHAPES.find((each) => each.name === name);
  if (!shape) throw new Error(`no shape ${name}`);
  return shape;
};

const result = (cpuMicros: number, more: Partial<Result> = {}): Result => ({
  cpuMicros,
  perSecond: 1000,
  peakMegabytes: 100,
  sent: 10,
  delivered: 10,
  ...more,
});

const ran = (name: string, ...runs: readonly Result[]): MeasuredSubject => ({
  one: { name },
  missing: undefined,
  runs,
});

const bulk = shapeOf('bulk');

describe('report', () => {
  it('shows the run in the middle by CPU, the range, the largest memory and what was lost of each run', () => {
    const runs = [result(3, { delivered: 8 }), result(1), result(2, { peakMegabytes: 150 })];
    const text = report(bulk, [ran('kahets', ...runs)]);
    expect(text).toMatch(/kahets +2\.00 +1\.00 to 3\.00 +1,000 +150 +2, 0, 0\n/);
  });

  it('tells more than was sent as twice there, not as lost', () => {
    expect(report(bulk, [ran('kahets', result(1, { delivered: 13 }))])).toMatch(/ 0, 3 twice\n/);
  });

  it('says which targets are met and which are missed, memory among them', () => {
    const measured = [
      ran('kahets', result(1, { peakMegabytes: 201 })),
      ran('kcat -P, from a file', result(1.25)),
      ran('rsyslog, imptcp', result(2)),
    ];
    const markdown = reportMarkdown(bulk, measured);
    expect(markdown).toContain(
      '0.80 × kcat (at most 0.8): met; 0.50 × rsyslog (at most 0.35): **missed**; peak 201 MB (at most 200): **missed**',
    );
  });

  it('meets a target by its absolute figure too', () => {
    const file = shapeOf('file');
    const beside = (micros: number): string => report(file, [ran('kahets', result(micros)), ran('cat', result(0.1))]);
    expect(beside(0.5)).toContain('5.00 × cat (at most 2, or 0.5 µs): met');
    expect(beside(0.6)).toContain('6.00 × cat (at most 2, or 0.5 µs): missed');
  });

  it('shows why a subject could not run, or not always, and judges nothing against it', () => {
    const text = report(bulk, [
      ran('kahets', result(1)),
      { one: { name: 'kcat -P, from a file' }, missing: 'not installed', runs: [] },
      { one: { name: 'rsyslog, imptcp' }, missing: 'failed: it hangs', runs: [result(4)] },
    ]);
    expect(text).toMatch(/kcat -P, from a file +not installed/);
    expect(text).toContain('rsyslog, imptcp (1 of the runs; then failed: it hangs)');
    expect(text).toContain('no kcat to compare with (at most 0.8)');
  });

  it('judges nothing where kahets did not run', () => {
    const text = report(bulk, [
      { one: { name: 'kahets' }, missing: 'not built', runs: [] },
      ran('rsyslog, imptcp', result(1)),
    ]);
    expect(text).not.toMatch(/met|missed|×/);
  });

  it('says of the loop how busy it was, and what a whole core would take', () => {
    const loop = { perSecond: 20_000, busy: 0.8, micros: 40 };
    const text = report(shapeOf('loop-short'), [ran('kahets', result(50, { loop }))]);
    expect(text).toMatch(/kahets +20,000 +2,000 +80 % +40\.00 +25,000 +2,500\n/);
  });
});

describe('summarySection', () => {
  it('replaces the row of its shape, keeps the others, and has them in the order of the shapes', async () => {
    const section = (name: string, micros: number): ReturnType<typeof summarySection> =>
      summarySection(shapeOf(name), [ran('kahets', result(micros)), ran('rsyslog', result(8)), ran('kcat', result(4))]);
    const page = await withSections('', [section('short', 5), section('bulk', 1), section('short', 2)]);
    const rows = (sectionsOf(page).get('targets') ?? '').split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toEqual([
      '| `bulk` | 4 connections, bulk writes, 200 B | 1.00 | 0.25 × kcat | 0.25 × kcat (at most 0.8): met; 0.13 × rsyslog (at most 0.35): met; peak 100 MB (at most 200): met |',
      '| `short` | connect, send 10, close, 200 B | 2.00 | 0.50 × kcat | 0.25 × rsyslog (at most 0.9): met; peak 100 MB (at most 200): met |',
    ]);
  });
});
