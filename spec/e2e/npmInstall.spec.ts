/** The package where nothing else is: its command, its daemon, its public API. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { endDaemons, startDaemon, temporaryFolder } from '../support/daemon';
import { fileStream, finalLedger, oneBucket, ROOT } from '../support/endToEnd';
import { filesBelow } from '../support/filesBelow';
import { installInto, packInto } from '../support/npmPackage';
import { urlOf } from '../support/statusDemo';

jest.setTimeout(60_000);

const execute = promisify(execFile);

/** A sink that others write: what they take from the package and share with it. */
const CUSTOM_SINK = `
import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { NEVER, Observable, of } from 'rxjs';
import { concatWrites, defineSink, encodeFrame, type Frames, type Receipt, type SinkKind, sinks, withDeadline } from 'kahets';

export const memory: SinkKind = defineSink({
  decode: () => E.right(undefined),
  open: (_, env) =>
    TE.right({
      write: (batch) => of<Receipt>({ sink: env.name, batch, how: 'delivered', maybeTwice: false }),
      health$: NEVER,
      close: () => Promise.resolve(),
    }),
});

const frames: readonly Frames[] = [];
const given: Observable<readonly Frames[]> = of(frames);
given.subscribe(() => {
  console.log(Object.keys({ ...sinks, memory }).join(), encodeFrame('b', 'm').length, typeof withDeadline, typeof concatWrites);
});
`;

const CONFIGURATION = {
  ...{ target: 'ES2022', lib: ['ES2023'], module: 'node16', moduleResolution: 'node16', strict: true },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true },
  ...{ types: ['node'], typeRoots: [path.join(ROOT, 'node_modules/@types')] },
};

describe('the package of npm, installed', () => {
  const work = mkdtempSync(path.join(tmpdir(), 'kahets-install-'));
  let command = '';
  const kahets = (cwd: string, ...args: readonly string[]) => execute(command, args, { cwd });

  beforeAll(() => {
    const { filename } = packInto(work);
    command = path.join(installInto(work, path.join(work, filename)), 'kahets');
  });
  afterAll(() => rmSync(work, { recursive: true }));
  afterEach(endDaemons);

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await kahets(work, '--version')).toEqual({ stdout: `${version}\n`, stderr: '' });
  });

  it('makes a configuration that it finds no fault with', async () => {
    const folder = await temporaryFolder();
    await kahets(folder, 'init', '.', '--topic', 'orders');
    expect((await kahets(folder, 'check')).stdout).toContain('orders');
  });

  it('takes a message and writes it to a file, and serves its page', async () => {
    const daemon = await startDaemon({
      buckets: oneBucket('b', { copy: fileStream() }),
      env: { HTTP: '127.0.0.1:0' },
      command: [command, 'start'],
    });
    const url = await urlOf(daemon);
    for (const name of ['', 'main.mjs', 'uPlot.iife.min.js', 'uPlot.min.css', 'metrics'])
      expect([name, (await fetch(`${url}${name}`)).status]).toEqual([name, 200]);
    await kahets(daemon.folder, 'send', 'b', 'a message');
    const ended = await daemon.stop();
    expect(finalLedger(ended)).toEqual([expect.objectContaining({ received: 1, delivered: 1 })]);
    const [file = ''] = await filesBelow(path.join(daemon.folder, 'copy'), 'birthtimeNs');
    expect((await kahets(daemon.folder, 'cat', file)).stdout).toContain('a message');
  });

  it('has types and code for those who write a sink of their own', async () => {
    writeFileSync(path.join(work, 'sink.ts'), CUSTOM_SINK);
    writeFileSync(
      path.join(work, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: CONFIGURATION, files: ['sink.ts'] }),
    );
    await execute(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', work]);
    const { stdout, stderr } = await execute(process.execPath, [path.join(work, 'sink.js')]);
    expect({ stdout, stderr }).toEqual({ stdout: 'kafka,file,blackhole,memory 8 function function\n', stderr: '' });
  });

  it('brings none of the packages that are in the program already', () => {
    const installed = readdirSync(path.join(work, 'node_modules'));
    expect(installed).toEqual(expect.arrayContaining(['rxjs', 'kafkajs', 'io-ts', 'fp-ts', 'dotenv']));
    expect(installed.filter((name) => /^(pino|prom-client|commander|uplot|@opentelemetry)/.test(name))).toEqual([]);
  });
});
