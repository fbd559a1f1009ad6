/**
 * The least that a daemon does with the bytes: reads them from a UNIX socket, and as asked copies, compresses and checks them and writes them
 * to a TCP port. No frames, no buckets, no rxjs. Run with a JSON of {@link BareOptions}; says `listening`.
 */
import { connect, createServer } from 'node:net';
import { crc32c } from '@node-rs/crc32';
import { compressSync } from 'snappy';
import { BATCH_BYTES, HEADER_BYTES, type BareOptions } from './protocol';

const LINGER_MS = 1000;
/** Batches without an answer from which on reading waits: one for each partition of the daemon beside it. */
const UNANSWERED = 3;

const main = ({ path, port, copies, compresses, checks }: BareOptions): void => {
  const upstream = connect(port, '127.0.0.1');
  upstream.setNoDelay(true);
  const free: Buffer[] = [];
  let batch: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  let bytes = 0;
  let unanswered = 0;
  let timer: NodeJS.Timeout | undefined;
  const readers = new Set<{ pause: () => void; resume: () => void }>();

  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (bytes === 0) return;
    const raw = batch.subarray(0, copies ? bytes : 0);
    const payload = compresses ? compressSync(raw, { copyOutputData: true }) : raw;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(payload.length, 0);
    header.writeUInt32LE(bytes, 4);
    if (checks) header.writeUInt32LE(crc32c(payload), 8);
    const full = batch;
    upstream.cork();
    upstream.write(header);
    upstream.write(payload, () => free.push(full));
    upstream.uncork();
    bytes = 0;
    batch = free.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
    unanswered += 1;
    if (unanswered === UNANSWERED) for (const reader of readers) reader.pause();
  };
  upstream.on('data', (answers) => {
    if (unanswered >= UNANSWERED) for (const reader of readers) reader.resume();
    unanswered -= answers.length;
  });

  const take = (chunk: Buffer): void => {
    if (bytes + chunk.length > BATCH_BYTES) send();
    if (copies) batch.set(chunk, bytes);
    bytes += chunk.length;
    timer ??= setTimeout(send, LINGER_MS);
  };
  createServer((socket) => {
    readers.add(socket);
    socket.on('data', take);
    socket.once('close', () => readers.delete(socket));
    // The client is killed when it has sent all.
    socket.on('error', () => socket.destroy());
  }).listen(path, () => process.send?.('listening'));
};

main(JSON.parse(process.argv[2] ?? '{}') as BareOptions);
