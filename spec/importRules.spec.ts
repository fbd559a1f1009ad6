import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');

/** A small tree: what each file imports, and the rule that it breaks. */
const TREE: readonly { readonly file: string; readonly imports: readonly string[]; readonly breaks?: string }[] = [
  { file: 'src/model.ts', imports: [] },
  { file: 'src/wire/frame.ts', imports: [] },
  { file: 'spec/support.ts', imports: [] },

  { file: 'src/operators/good.ts', imports: ['rxjs', 'fp-ts/Either', '../model', '../wire/frame'] },
  { file: 'src/operators/sibling.ts', imports: ['./good'] },
  { file: 'src/operators/io.ts', imports: ['node:fs'], breaks: 'operators-are-pure' },
  { file: 'src/operators/package.ts', imports: ['pino'], breaks: 'operators-are-pure' },
  { file: 'src/operators/sink.ts', imports: ['../sinks/good'], breaks: 'operators-are-pure' },

  { file: 'src/sinks/defineSink.ts', imports: ['../model'] },
  { file: 'src/sinks/good.ts', imports: ['./defineSink', './good/part', '../model', '../operators/good', 'node:fs'] },
  { file: 'src/sinks/good/part.ts', imports: ['../../wire/frame', '../defineSink'] },
  { file: 'src/sinks/index.ts', imports: ['./good', './other'] },
  { file: 'src/sinks/other.ts', imports: ['./good'], breaks: 'sinks-stand-alone' },
  { file: 'src/sinks/other/part.ts', imports: ['../good/part'], breaks: 'sinks-stand-alone' },
  { file: 'src/sinks/other/far.ts', imports: ['../../pipelines/good'], breaks: 'sinks-stand-alone' },

  { file: 'src/sinks/kafka/cluster.ts', imports: ['kafkajs'] },
  { file: 'src/sinks/kafka/openSocket.ts', imports: ['node:net', 'node:tls'] },
  { file: 'src/sinks/kafka/kafkajs.ts', imports: ['kafkajs'], breaks: 'kafkajs-in-one-file' },
  { file: 'src/sinks/kafka/inside.ts', imports: ['kafkajs/src/cluster'], breaks: 'kafkajs-in-one-file' },
  { file: 'src/sources/good.ts', imports: ['node:net'] },
  { file: 'src/sinks/kafka/net.ts', imports: ['node:net'], breaks: 'net-in-sources' },
  { file: 'src/main.ts', imports: ['dotenv', 'node:process'] },
  { file: 'src/control/process.ts', imports: ['node:process'], breaks: 'process-in-main' },
  { file: 'src/control/dotenv.ts', imports: ['dotenv'], breaks: 'process-in-main' },

  { file: 'src/pipelines/good.ts', imports: ['../operators/good', '../model', 'rxjs'] },
  { file: 'src/pipelines/topology.ts', imports: ['../sinks/index'] },
  { file: 'src/pipelines/registry.ts', imports: ['../sinks/index'], breaks: 'pipelines-know-no-sinks' },

  { file: 'src/control/circle.ts', imports: ['./square'], breaks: 'no-cycles' },
  { file: 'src/control/square.ts', imports: ['./circle'] },
  { file: 'src/control/internal.ts', imports: ['rxjs/internal/Observable'], breaks: 'no-rxjs-internal' },
  { file: 'src/testing/index.ts', imports: ['../control/good', '../sinks/good'] },
  { file: 'src/control/good.ts', imports: ['../model'] },
  { file: 'src/control/testing.ts', imports: ['../testing/index'], breaks: 'testing-is-for-tests' },
  { file: 'src/control/spec.ts', imports: ['../../spec/support'], breaks: 'nothing-imports-spec' },
];

interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

/** Standard output of a program that tells violations by its exit code, too. */
const outputOf = (command: string, args: readonly string[], options: ExecFileSyncOptions): string => {
  try {
    return execFileSync(command, args, options).toString();
  } catch (error) {
    const { stdout } = error as { readonly stdout?: Buffer };
    if (stdout === undefined) throw error;
    return stdout.toString();
  }
};

describe('the import rules', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kahets-rules-'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    writeFileSync(path.join(folder, 'tsconfig.json'), '{ "compilerOptions": { "module": "node16" } }');
    for (const { file, imports } of TREE) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      const lines = imports.map((from) => `import '${from}';\n`);
      writeFileSync(path.join(folder, file), `${lines.join('')}export const here = 1;\n`);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('find exactly the files that break them', () => {
    const found = JSON.parse(
      outputOf(
        path.join(ROOT, 'node_modules/.bin/depcruise'),
        ['--config', path.join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'],
        { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 },
      ),
    ) as Cruise;
    const broken = found.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
    const expected = TREE.flatMap(({ file, breaks }) => (breaks === undefined ? [] : [`${file}: ${breaks}`]));
    expect(broken.toSorted()).toEqual(expected.toSorted());
  }, 60_000);
});
