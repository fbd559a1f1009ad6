/** A page of PHP that sends ten messages a request, and those who ask for it, as many at once as there are workers. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readTopic } from './kcat';
import { startWebHost, type WebHost } from './phpFpm';

export const WORKERS = 50;
export const PER_REQUEST = 10;
/** The limits of the client. */
export const SEND_MS = 100;
export const SYNC_MS = 2000;

/** `bare`: the bytes that `send` writes, by one `fwrite` on a persistent socket: what a client can cost at the least. */
export type Mode = 'none' | 'bare' | 'send' | 'sync';

const page = (socket: string, bucket: string): string => `<?php
spl_autoload_register(static function (string $name): void {
    require ${JSON.stringify(path.resolve(__dirname, '../../clients/php/src'))} . '/' . strtr(substr($name, 7), '\\\\', '/') . '.php';
});
$mode = $_GET['mode'];
$answer = ['sent' => null, 'status' => null];
$messages = [];
for ($i = 0; $i < ${PER_REQUEST}; ++$i) {
    $n = $_GET['r'] * ${PER_REQUEST} + $i;
    $messages["key-$n"] = "n=$n " . str_repeat('x', 200);
}
$bucket = ${JSON.stringify(bucket)};
$socket = ${JSON.stringify(socket)};
$began = hrtime(true);
if ($mode === 'bare') {
    $frames = '';
    foreach ($messages as $key => $message) {
        $body = chr(strlen($bucket)) . $bucket . chr(strlen($key)) . $key . $message;
        $frames .= pack('V', strlen($body)) . $body;
    }
    $flags = STREAM_CLIENT_CONNECT | STREAM_CLIENT_PERSISTENT;
    $answer['sent'] = fwrite(stream_socket_client("unix://$socket", $code, $text, 1, $flags), $frames) === strlen($frames);
} elseif ($mode !== 'none') {
    $producer = new Kahets\\Producer(new Kahets\\Options(socket: $socket));
    $sent = true;
    foreach ($messages as $key => $message) {
        $sent = $producer->send($bucket, $message, $key) && $sent;
    }
    $answer['sent'] = $producer->flush() && $sent;
}
$answer['ms'] = (hrtime(true) - $began) / 1e6;
if ($mode === 'sync') {
    $answer['status'] = $producer->sync(${SYNC_MS})->status->value;
    $answer['syncMs'] = (hrtime(true) - $began) / 1e6;
}
echo json_encode($answer);
`;

/** Message `n`, as the page sends it. */
export const messageOf = (n: number): { readonly key: string; readonly value: string } => ({
  key: `key-${n}`,
  value: `n=${n} ${'x'.repeat(200)}`,
});

export interface PageAnswer {
  readonly request: number;
  /** Whether `send` and `flush` have said so; null: nothing was sent. */
  readonly sent: boolean | null;
  /** The answer to the sync, where one was asked for. */
  readonly status: string | null;
  /** What sending has added to the request. */
  readonly ms: number;
  readonly syncMs?: number;
}

/** Serves the page, from files in `folder`. */
export const startPages = async (folder: string, socket: string, bucket: string): Promise<WebHost> => {
  const file = path.join(folder, 'page.php');
  await writeFile(file, page(socket, bucket));
  return startWebHost(folder, file, WORKERS);
};

/** Asks for so many pages; `heard` gets each answer. Request `n` sends the messages from `n * PER_REQUEST` on. */
export const askForPages = async (
  host: WebHost,
  {
    first,
    count,
    modeOf,
  }: { readonly first: number; readonly count: number; readonly modeOf: (request: number) => Mode },
  heard: (answer: PageAnswer) => void,
): Promise<void> => {
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + count) {
      const request = next++;
      const body = await host.ask(`r=${request}&mode=${modeOf(request)}`);
      heard({ request, ...(JSON.parse(body) as Omit<PageAnswer, 'request'>) });
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
};

/** Whether the sync has confirmed all that the request has sent. */
export const isSafe = ({ status }: PageAnswer): boolean => status === 'delivered' || status === 'backed_up';

/** Of these requests' messages, those that are not in the topic. */
export const missingIn = async (
  brokers: string,
  topic: string,
  requests: readonly number[],
): Promise<readonly number[]> => {
  const missing = new Set(
    requests.flatMap((request) => Array.from({ length: PER_REQUEST }, (_, i) => request * PER_REQUEST + i)),
  );
  await readTopic(brokers, topic, ({ value }) =>
    missing.delete(Number(/^n=(\d+) /.exec(value?.toString() ?? '')?.[1])),
  );
  return [...missing];
};
