import { PassThrough, Readable, Writable } from 'node:stream';
import { NEVER } from 'rxjs';
import type { CommandHost } from '../../../src/cli/command';
import { createCommandHost } from '../../../src/cli/commandHost';
import { runProgram } from '../../../src/cli/program';
import type { Environment } from '../../../src/config/env';
import { ROOT } from '../../support/endToEnd';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Given extends Partial<Omit<CommandHost, 'environment' | 'stdin'>> {
  readonly environment?: Environment;
  readonly stdin?: Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** What commands take from a process, of which nobody sees anything. */
export const testHost = (parts: Partial<CommandHost> = {}): CommandHost => {
  const stream = new PassThrough();
  return {
    ...createCommandHost({
      out: () => undefined,
      err: () => undefined,
      stdin: () => stream,
      stdout: () => stream,
      terminal: () => undefined,
      // No env file has that name.
      environment: parts.environment ?? { environment: 'spec' },
      interrupted$: NEVER,
      version: '1.2.3',
      process,
      cwd: process.cwd(),
      packageFolder: ROOT,
    }),
    ...parts,
  };
};

/** Runs a command in this process; its files are real, and so is what it connects to. */
export const run = async (
  args: readonly string[],
  { environment = {}, stdin = [], ...given }: Given = {},
): Promise<Ran> => {
  let [out, err] = ['', ''];
  const input = Readable.from(stdin, { objectMode: false });
  const host = testHost({
    out: (text) => (out += text),
    err: (text) => (err += text),
    stdin: () => input,
    stdout: () =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          out += chunk.toString();
          done();
        },
      }),
    ...given,
    environment: { environment: 'spec', ...environment },
  });
  const code = await runProgram(args, host);
  return { code, out, err };
};
