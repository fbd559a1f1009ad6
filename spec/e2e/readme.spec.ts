/** What the README shows, as somebody new would type it, in its order, and what it says that one sees. */
import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'dotenv';
import { endDaemons, launchDaemon, startDaemon, temporaryFolder, type Daemon } from '../support/daemon';
import { describeKafka, fileStream, finalLedger, oneBucket, ROOT, rowOf } from '../support/endToEnd';
import { fencedBlocks, type FencedBlock } from '../support/fencedBlocks';
import { createBroker, type Broker } from '../support/kafka';

const run = promisify(execFile);
const KAFKA = '127.0.0.1:9092';
const SOCKET = '/tmp/kahego.sock';
/** Commands that change nothing: what they show may come a moment later. */
const LOOKS = /^(?:kahets (?:cat|check)|find|kcat) /;
const WITHIN_MS = 30_000;

const blocksOf = async (...headings: readonly string[]): Promise<readonly FencedBlock[]> =>
  fencedBlocks(await readFile(path.join(ROOT, 'README.md'), 'utf8')).filter(({ heading }) =>
    headings.includes(heading),
  );

/** `…` stands for anything. */
const shows = (expected: string): RegExp =>
  new RegExp(
    `^${expected
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*')}\n?$`,
  );

interface Typed {
  readonly command: string;
  readonly expected: RegExp;
}

const typedIn = (text: string): readonly Typed[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...lines] = part.split('\n');
      return { command, expected: shows(lines.join('\n').trimEnd()) };
    });

/** A folder as a clone is one, whose broker and socket are those of this test. */
class Newcomer {
  private functions = '';
  private daemon: Daemon | undefined;

  constructor(
    private readonly folder: string,
    private readonly broker: Broker,
  ) {}

  async follow({ language, text }: FencedBlock): Promise<void> {
    if (text === 'npm start') await this.start();
    else if (language === 'sh') this.functions += `${text}\n`;
    else if (language === 'console') for (const typed of typedIn(this.here(text))) await this.type(typed);
    else await this.read(this.here(text));
  }

  private here(text: string): string {
    return text.replaceAll(KAFKA, this.broker.address).replaceAll(SOCKET, this.daemon?.socket ?? SOCKET);
  }

  private async start(): Promise<void> {
    const env = parse(await readFile(path.join(ROOT, '.env.dev.local')));
    this.daemon = await launchDaemon({
      folder: this.folder,
      buckets: this.here(await readFile(path.join(ROOT, 'buckets.json'), 'utf8')),
      env: { ...env, SOCKET: path.join(this.folder, 'kahego.sock') },
      command: ['npm', 'start'],
    });
    await this.daemon.waitForLog(({ msg }) => msg === 'listening', WITHIN_MS);
  }

  private async type({ command, expected }: Typed): Promise<void> {
    // Where a program does not read the env file, it is told of the socket.
    const told = command.replace('send.php', `send.php --socket ${this.daemon?.socket ?? ''}`);
    const look = async (): Promise<string> =>
      (await run('bash', ['-c', `${this.functions}${told}`], { cwd: this.folder })).stdout;
    const deadline = performance.now() + (LOOKS.test(command) ? WITHIN_MS : 0);
    let shown = await look();
    while (!expected.test(shown) && performance.now() < deadline) shown = await look();
    expect(shown).toMatch(expected);
  }

  /** What the daemon says; what has to happen for that happens first. */
  private async read(text: string): Promise<void> {
    const { daemon } = this;
    if (!daemon) throw new Error('expected a daemon that runs');
    if (text.includes('stream closed')) await this.broker.start();
    const isLast = text.includes('"msg":"stopped"');
    const output = isLast ? (await daemon.stop('SIGINT')).output : '';
    for (const line of text.split('\n')) {
      const [, msg] = /"msg":"([^"]+)"/.exec(line) ?? [];
      const expected = shows(line);
      if (isLast) expect(output.split('\n')).toContainEqual(expect.stringMatching(expected));
      else {
        const found = await daemon.waitForLog((logged) => logged.msg === msg, WITHIN_MS);
        expect(JSON.stringify(found)).toMatch(expected);
      }
    }
  }
}

afterEach(endDaemons);

describeKafka('what the README shows', () => {
  it('happens, from the first start to the last line', async () => {
    const broker = await createBroker();
    try {
      const folder = await temporaryFolder();
      for (const name of ['clients', 'dist']) await symlink(path.join(ROOT, name), path.join(folder, name));
      const start = `exec node ${path.join(ROOT, 'scripts/start.mjs')}`;
      await writeFile(path.join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
      const newcomer = new Newcomer(folder, broker);
      const blocks = await blocksOf('Try it', 'Configure it');
      expect(blocks.length).toBeGreaterThan(7);
      for (const block of blocks) await newcomer.follow(block);
    } finally {
      await broker.remove();
    }
  }, 120_000);

  it('is how PHP sends', async () => {
    const [block] = await blocksOf('Send');
    const daemon = await startDaemon({ buckets: oneBucket('orders', { copy: fileStream() }) });
    const script = `$bucket = 'orders'; $key = 'k'; $message = "\\0one"; ${(block?.text ?? '').replace(SOCKET, daemon.socket)}`;
    await run('php', ['-r', script]);
    const ended = await daemon.stop();
    expect(rowOf(finalLedger(ended), 'orders', 'copy')).toMatchObject({ received: 1, delivered: 1 });
  }, 30_000);
});
