/**
 * A file sink in a process of its own, so that its system calls can be watched and made to fail. Takes the settings as its
 * argument, and `spools` where its files are to be sent on; each line of its input is a list of batches to write at once, or
 * `"files"` to have all files closed and listed, answered by a line that says how that ended.
 */
import { createInterface } from 'node:readline';
import { firstValueFrom } from 'rxjs';
import { NO_OPTIONS, type Rest } from '../../../src/model';
import { file } from '../../../src/sinks/file';
import { batchOf, memoryLog, testEnv } from '../../../src/testing/builders';
import { openSink } from '../../../src/testing/openSink';
import { written } from '../../../src/testing/written';

export interface Order {
  readonly bucket: string;
  readonly texts: readonly string[];
}

export interface Answer {
  /** Of each batch: taken, or why not. */
  readonly ends: readonly ('taken' | { readonly written: Rest['written']; readonly cause: string })[];
  /** What was listed, or why it could not be. */
  readonly files: readonly string[] | string;
  readonly health: { readonly state: string; readonly cause?: string };
  /** The log since the last answer. */
  readonly log: readonly { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

const main = async (settings: unknown, spools: boolean): Promise<void> => {
  const log = memoryLog();
  const sink = await openSink(file, settings, testEnv({ log, now: Date.now }), { ...NO_OPTIONS, spools });

  const write = async ({ bucket, texts }: Order): Promise<Answer['ends'][number]> => {
    const [rest] = (await written(sink, batchOf(bucket, texts))).rest;
    return rest ? { written: rest.written, cause: rest.cause.message } : 'taken';
  };

  const files = async (): Promise<Answer['files']> => {
    try {
      return (await sink.spool?.files(() => true))?.map(({ path }) => path) ?? [];
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  const answer = async (ends: Answer['ends'], listed: Answer['files'] = []): Promise<void> => {
    const health = await firstValueFrom(sink.health$);
    const since = log.lines.splice(0).map(({ message, fields }) => ({ message, fields }));
    process.stdout.write(`${JSON.stringify({ ends, files: listed, health, log: since })}\n`);
  };

  await answer([]);
  for await (const line of createInterface({ input: process.stdin })) {
    const orders = JSON.parse(line) as readonly Order[] | 'files';
    if (orders === 'files') await answer([], await files());
    else await answer(await Promise.all(orders.map(write)));
  }
  await sink.close();
  await answer([]);
};

void main(JSON.parse(process.argv[2] ?? '{}'), process.argv[3] === 'spools');
