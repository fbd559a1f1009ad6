/**
 * `npm run bench -- --codecs`: what each codec costs a megabyte of records, in the loop and on the thread pool, and how far it shrinks them.
 *
 * Each line is a process of its own, so that its page faults, collections and resident set are its own.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { compress as zstdOnPool } from '@mongodb-js/zstd';
import { compressFrame, compressFrameSync } from 'lz4-napi';
import { compress as snappyOnPool, compressSync as snappySync } from 'snappy';
import { createBuffers } from '../src/sinks/kafka/buffers';
import { bufferBytes, RecordBatch } from '../src/sinks/kafka/recordBatch';
import { encodeFrame } from '../src/wire/frame';
import { withFork } from './children';
import { messagePool, POOL } from './messages';
import { align } from './table';
import { peakMegabytes } from './usage';

type Way = (records: Buffer) => Buffer | Promise<Buffer>;

/** Node's own zstd, from 22.15 on; the types are those of an older one. */
const nodesZstd = zlib as unknown as {
  readonly zstdCompressSync?: (records: Buffer) => Buffer;
  readonly zstdCompress?: (records: Buffer, done: (error: Error | null, result: Buffer) => void) => void;
};

const gzip = promisify<Buffer, Buffer>(zlib.gzip);

const WAYS: Readonly<Record<string, Way | undefined>> = {
  'gzip, in the loop': (records) => zlib.gzipSync(records),
  'gzip, on the pool': (records) => gzip(records),
  'snappy, in the loop': (records) => snappySync(records, { copyOutputData: true }),
  'snappy, on the pool': (records) => snappyOnPool(records),
  'lz4, in the loop': (records) => compressFrameSync(records),
  'lz4, on the pool': (records) => compressFrame(records),
  'zstd of Node, in the loop': nodesZstd.zstdCompressSync,
  'zstd of Node, on the pool': nodesZstd.zstdCompress && promisify(nodesZstd.zstdCompress),
  'zstd of the package, on the pool': (records) => zstdOnPool(records),
};

const SIZES = [4, 16, 64, 256, 1024].map((kilobytes) => kilobytes * 1024);
/** Of records, for each line. */
const MEGABYTES = 48;
const RUNS = 3;
const MESSAGE_BYTES = 200;
/** Batches that wait to be compressed or sent at a time, as in a producer of a few partitions. */
const IN_SLOTS = 2;
const MB = 1024 * 1024;

interface Line {
  readonly name: string;
  readonly bytes: number;
}

interface Cost {
  readonly ratio: number;
  readonly cpuMillis: number;
  readonly loopMillis: number;
  readonly megabytesPerSecond: number;
  readonly peakMegabytes: number;
}

/** Record batches of the messages of the bench, as the producer makes them. */
const recordBatches = (bytes: number): readonly RecordBatch[] => {
  const buffers = createBuffers(bufferBytes(bytes));
  const run = Buffer.concat(messagePool(MESSAGE_BYTES).map((message) => encodeFrame('bench', message)));
  const frame = run.length / POOL;
  const batches: RecordBatch[] = [];
  for (let at = 0; at < run.length && batches.length < 8;) {
    const batch = new RecordBatch(buffers, { count: POOL, bytes }, bytes);
    const end = Math.min(run.length, at + frame * Math.ceil(bytes / MESSAGE_BYTES));
    at = batch.append(run, at, end, 'bench'.length, 0);
    batches.push(batch);
  }
  return batches;
};

/** Compresses `megabytes` of records, {@link IN_SLOTS} batches at a time, and counts what came out. */
const compressAll = async (way: Way, batches: readonly RecordBatch[], megabytes: number): Promise<[number, number]> => {
  let taken = 0;
  let read = 0;
  let written = 0;
  const slot = async (): Promise<void> => {
    while (read < megabytes * MB) {
      const records = batches[taken % batches.length]?.records ?? Buffer.alloc(0);
      taken += 1;
      read += records.length;
      const result = way(records);
      const payload = result instanceof Promise ? await result : result;
      written += payload.length;
      // What is compressed goes to a socket, and the next batch comes from one: both take turns of the loop.
      await turn();
    }
  };
  await Promise.all(Array.from({ length: IN_SLOTS }, slot));
  return [read, written];
};

const measure = async ({ name, bytes }: Line): Promise<Cost> => {
  const way = WAYS[name];
  if (!way) throw new Error(`no such way: ${name}`);
  const batches = recordBatches(bytes);
  await compressAll(way, batches, MEGABYTES / 8);
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const [read, written] = await compressAll(way, batches, MEGABYTES);
  const { user, system } = process.cpuUsage(cpuBefore);
  const megabytes = read / MB;
  return {
    ratio: read / written,
    cpuMillis: (user + system) / 1000 / megabytes,
    loopMillis: performance.eventLoopUtilization(loopBefore).active / megabytes,
    megabytesPerSecond: megabytes / ((performance.now() - started) / 1000),
    peakMegabytes: peakMegabytes(process.pid),
  };
};

const measureOnce = (line: Line): Promise<Cost> =>
  withFork(__filename, [JSON.stringify(line)], async ({ next }) => (await next()) as Cost);

/** The cheapest of a few runs: what else the machine does only ever adds. */
const measureApart = async (line: Line): Promise<Cost> => {
  const costs: Cost[] = [];
  for (let run = 0; run < RUNS; run += 1) costs.push(await measureOnce(line));
  return costs.reduce((best, cost) => (cost.cpuMillis < best.cpuMillis ? cost : best));
};

const HEADER = ['', 'batch', 'ratio', 'CPU ms/MB', 'loop ms/MB', 'MB/s', 'peak MB'];

/** All codecs in all ways, one after the other, as text. */
export const codecs = async (): Promise<string> => {
  const rows: string[][] = [];
  for (const [name, way] of Object.entries(WAYS))
    for (const bytes of SIZES) {
      if (!way) {
        rows.push([name, 'not in this Node']);
        break;
      }
      const cost = await measureApart({ name, bytes });
      const { ratio, cpuMillis, loopMillis, megabytesPerSecond, peakMegabytes: peak } = cost;
      const figures = [ratio.toFixed(2), cpuMillis.toFixed(2), loopMillis.toFixed(2)];
      rows.push([name, `${bytes / 1024} KB`, ...figures, megabytesPerSecond.toFixed(0), peak.toFixed(0)]);
    }
  return align([HEADER, ...rows]);
};

const [line] = process.argv.slice(2);
if (require.main === module && line !== undefined)
  void measure(JSON.parse(line) as Line).then((cost) => {
    process.send?.(cost);
    process.disconnect();
  });
