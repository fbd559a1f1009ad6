/** Dashboard and alerts, and whether Prometheus understands them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { metricNamesIn } from './metricNames';
import { ask, describeWith, PACKAGING } from './tools';

const PROMETHEUS = path.join(PACKAGING, 'prometheus');
const RULES = readFileSync(path.join(PROMETHEUS, 'kahets.rules.yml'), 'utf8');
const TESTS = readFileSync(path.join(PROMETHEUS, 'kahets.test.yml'), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}
const dashboard = JSON.parse(readFileSync(path.join(PACKAGING, 'grafana/kahets.json'), 'utf8')) as Dashboard;
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);

const alertsIn = (text: string): readonly string[] => [...new Set(text.match(/\bKahets[A-Z]\w+/g) ?? [])].sort();

/** Every metric that dashboard and alerts ask for. */
const NAMES = [
  'kahets_backup_bytes',
  'kahets_backup_files',
  'kahets_backup_messages',
  'kahets_batch_size',
  'kahets_build_info',
  'kahets_connections',
  'kahets_delivery_seconds',
  'kahets_duplicates_possible_total',
  'kahets_held_bytes',
  'kahets_held_high_bytes',
  'kahets_memory_full',
  'kahets_memory_max_bytes',
  'kahets_messages_backed_up_total',
  'kahets_messages_dead_lettered_total',
  'kahets_messages_delivered_total',
  'kahets_messages_dropped_total',
  'kahets_messages_received_total',
  'kahets_messages_sampled_out_total',
  'kahets_stream_state',
  'kahets_topics_in_trouble',
  'nodejs_eventloop_lag_p99_seconds',
  'process_cpu_seconds_total',
  'process_max_fds',
  'process_open_fds',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
];

describe('the dashboard', () => {
  it('asks, with the alerts, for metrics that are listed here', () => {
    expect(metricNamesIn([...expressions, ...variables, RULES].join('\n'))).toEqual(NAMES);
  });

  it('has panels with a title and an expression each, of which none covers another', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.filter(({ title, targets = [] }) => title === '' || targets.length === 0)).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });

  it('knows each variable that its expressions use', () => {
    const own = dashboard.templating.list.map(({ name }) => name);
    const used = [...expressions, ...variables].flatMap((text) => text.match(/\$\w+/g) ?? []);
    const unknown = used.map((name) => name.slice(1)).filter((name) => !name.startsWith('__') && !own.includes(name));
    expect(unknown).toEqual([]);
  });
});

describe('the alerts', () => {
  it('are all tested', () => {
    expect(alertsIn(TESTS)).toEqual(alertsIn(RULES));
  });
});

describeWith('promtool')('Prometheus', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-rules-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes the rules', () => {
    expect(ask('promtool', ['check', 'rules', path.join(PROMETHEUS, 'kahets.rules.yml')])).toMatchObject({ code: 0 });
  });

  it('fires and is quiet as the tests say', () => {
    expect(ask('promtool', ['test', 'rules', 'kahets.test.yml'], PROMETHEUS)).toMatchObject({ code: 0 });
  });

  it('would tell of a rule that does not fire', () => {
    writeFileSync(path.join(folder, 'kahets.rules.yml'), RULES.replace('kahets_memory_full', 'kahets_memory_ful'));
    writeFileSync(path.join(folder, 'kahets.test.yml'), TESTS);
    const { code, output } = ask('promtool', ['test', 'rules', 'kahets.test.yml'], folder);
    expect(code).not.toBe(0);
    expect(output).toContain('KahetsMemoryFull');
  });

  it('reads each expression of the dashboard', () => {
    const rules = expressions.map((expr, n) => ({
      record: `expression:${n}`,
      // What Grafana puts in.
      expr: expr.replaceAll(/\$__(rate_interval|range)/g, '5m').replaceAll(/\$\w+/g, 'any'),
    }));
    const file = path.join(folder, 'dashboard.json');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { code, output } = ask('promtool', ['check', 'rules', file]);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(expressions.length).toBeGreaterThan(20);
  });
});
