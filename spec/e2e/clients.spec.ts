/** The clients of this repository and the daemon: what they are told of their messages. That of PHP has a further spec of its own. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { endDaemons, startDaemon, temporaryFolder, type Daemon } from '../support/daemon';
import { fileStream, finalLedger, kafkaWithBackup, noBroker, refused, ROOT, rowOf } from '../support/endToEnd';
import { hasGo, hasPhp, hasPython } from '../support/foreignTests';
import { freePorts } from '../support/kafka';

const run = promisify(execFile);
const clients = path.join(ROOT, 'clients');

/** Sends a message to each of three buckets and prints what it is told of it. */
type Program = (socket: string) => Promise<{ readonly stdout: string }>;

const node: Program = (socket) =>
  run(process.execPath, [
    '-e',
    `const { createProducer } = require(${JSON.stringify(path.join(ROOT, 'dist/client'))});
    const producer = createProducer({ socket: ${JSON.stringify(socket)} });
    const send = async (bucket) => {
      await producer.send(bucket, 'm', { key: 'k', headers: [['h', 'v']] });
      const { status, messages } = await producer.sync();
      console.log(status, messages);
    };
    send('copied').then(() => send('backed')).then(() => send('nowhere')).then(() => producer.close());`,
  ]);

const python: Program = (socket) =>
  run(
    'python3',
    [
      '-c',
      `import sys, kahets
with kahets.Producer(sys.argv[1]) as producer:
    for bucket in ("copied", "backed", "nowhere"):
        producer.send(bucket, "m", key="k", headers=[("h", "v")])
        result = producer.sync(20)
        print(result.status.value, result.messages)`,
      socket,
    ],
    { env: { ...process.env, PYTHONPATH: path.join(clients, 'python/src'), PYTHONDONTWRITEBYTECODE: '1' } },
  );

const php: Program = (socket) =>
  run('php', [
    '-r',
    `require ${JSON.stringify(path.join(clients, 'php/tests/bootstrap.php'))};
    $producer = new Kahets\\Producer(new Kahets\\Options(socket: $argv[1], timeoutMs: 5000));
    foreach (['copied', 'backed', 'nowhere'] as $bucket) {
        $producer->send($bucket, 'm', 'k', ['h' => 'v']);
        $result = $producer->sync(20000);
        echo "{$result->status->value} $result->messages\\n";
    }`,
    socket,
  ]);

const GO = `package main

import (
	"context"
	"fmt"
	"os"

	"kahets"
)

func main() {
	producer := kahets.New(kahets.Options{Socket: os.Args[1]})
	for _, bucket := range []string{"copied", "backed", "nowhere"} {
		_ = producer.Send(context.Background(), kahets.Message{
			Bucket: bucket, Value: []byte("m"), Key: []byte("k"), Headers: []kahets.Header{{Name: "h", Value: []byte("v")}},
		})
		result, err := producer.Sync(context.Background())
		if err != nil {
			panic(err)
		}
		fmt.Println(result.Status, result.Messages)
	}
}
`;

const go: Program = async (socket) => {
  const cwd = await temporaryFolder();
  const module = `module sender\n\ngo 1.21\n\nrequire kahets v0.0.0\n\nreplace kahets => ${path.join(clients, 'go')}\n`;
  await writeFile(path.join(cwd, 'go.mod'), module);
  await writeFile(path.join(cwd, 'main.go'), GO);
  return run('go', ['run', '.', socket], { cwd });
};

afterEach(endDaemons);

const WAYS: readonly (readonly [string, () => Promise<Readonly<Record<string, string>>>])[] = [
  ['a UNIX socket', () => Promise.resolve({})],
  ['TCP', async () => ({ SOCKET: `tcp://127.0.0.1:${(await freePorts(1))[0]}` })],
];

describe.each(WAYS)('what a program is told of its messages over %s', (_, env) => {
  const start = async (env: Readonly<Record<string, string>>): Promise<Daemon> =>
    startDaemon({
      env,
      buckets: {
        streamsConfigs: { copy: fileStream(), kafka: kafkaWithBackup(await noBroker()) },
        buckets: [
          { id: 'copied', streams: ['copy'], batchTimeout: 60_000 },
          { id: 'backed', streams: ['kafka'], batchTimeout: 60_000 },
        ],
      },
    });

  const told = async (program: Program): Promise<void> => {
    const daemon = await start(await env());
    const { stdout } = await program(daemon.socket);
    const ended = await daemon.stop();
    expect(stdout).toBe('delivered 1\nbacked_up 1\ndropped 1\n');
    const ledger = finalLedger(ended);
    expect(rowOf(ledger, 'copied', 'copy')).toMatchObject({ received: 1, delivered: 1 });
    expect(rowOf(ledger, 'backed', 'kafka')).toMatchObject({ received: 1, backedUp: 1 });
    expect(refused(ledger)).toEqual({ no_such_bucket: 1 });
  };

  it('in Node', () => told(node), 60_000);
  (hasPhp() ? it : it.skip)('in PHP', () => told(php), 60_000);
  (hasPython() ? it : it.skip)('in Python', () => told(python), 60_000);
  (hasGo() ? it : it.skip)('in Go', () => told(go), 120_000);
});
