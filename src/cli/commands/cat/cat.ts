import { realpath } from 'node:fs/promises';
import * as E from 'fp-ts/Either';
import { SpoolError } from '../../../spool/plainFile';
import type { Inspected } from '../../../spool/inspectFile';
import { failedWith, GONE } from '../../../wire/systemErrors';
import { tell, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { findFiles, foreignLine, skippedLine } from '../../findFiles';
import { outputTo, type Output } from '../../output';
import { pauseUntil } from '../../pauseUntil';
import { countText } from '../../texts';
import type { CatRequest } from './request';
import { follow } from './follow';
import { isWanted, jsonLine, rawLine } from './message';
import { Tail, type Damage } from './tail';

/** How far a file has been sent on stands beside it. */
const NO_FRAMES = /[.]progress$/;
const LOOK_AGAIN_MS = 250;

const damageLine = (path: string, { at, bytes, detail }: Damage): string =>
  `${path}: from byte ${at} on no message (${detail}): ${countText(bytes)} bytes are not shown`;

/** Shows messages, as many as are asked for, and tells of what is none. */
class Show {
  code: number = EX.OK;
  private shown = 0;
  private interrupted = false;

  constructor(
    private readonly request: CatRequest,
    private readonly output: Output,
    private readonly err: (text: string) => void,
    private readonly isTerminal: boolean,
  ) {}

  interrupt(): void {
    this.interrupted = true;
  }

  /** Whether nothing more is to be shown. */
  get isOver(): boolean {
    return this.interrupted || this.output.isClosed() || this.shown >= (this.request.limit ?? Infinity);
  }

  /** What is new in a file. `torn` damage may become a message, unless this was the `last` look. */
  async file(tail: Tail, last: boolean): Promise<void> {
    try {
      await this.messages(tail, last);
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      // A file of a folder may be sent on, and deleted, meanwhile.
      if (!failedWith(GONE, error)) this.tell([error.message], EX.NOINPUT);
    }
  }

  private async messages(tail: Tail, last: boolean): Promise<void> {
    const { damage: before } = tail;
    const { isTerminal, request } = this;
    for await (const { bytes, cursor, place } of tail.read()) {
      const lines: Buffer[] = [];
      while (!this.isOver && cursor.next()) {
        if (!isWanted(bytes, cursor, place, request)) continue;
        this.shown += 1;
        lines.push(
          request.raw ? rawLine(bytes, cursor, isTerminal) : Buffer.from(jsonLine(bytes, cursor, place, isTerminal)),
        );
      }
      await this.output.write(Buffer.concat(lines));
      if (this.isOver) return;
    }
    const { damage } = tail;
    if (damage && damage !== before && (last || !damage.torn)) this.tell([damageLine(tail.path, damage)], EX.DATAERR);
  }

  tell(problems: readonly string[], code: number): void {
    if (code !== EX.OK) this.code = code;
    tell(this.err, { code, problems });
  }
}

const showAll = async (files: readonly Inspected[], show: Show): Promise<void> => {
  for (const { path } of files) {
    if (show.isOver) return;
    const tail = new Tail(path);
    try {
      await show.file(tail, true);
    } finally {
      await tail.close();
    }
  }
};

/** Runs `kahets cat`; resolves with its exit code. */
export const cat = async (request: CatRequest, host: CommandHost): Promise<number> => {
  const { err, interrupted$, now, process, stdout } = host;
  // Links are followed where they are named, and only there.
  const paths = await Promise.all(request.paths.map((path) => realpath(path).catch(() => path)));
  const found = await findFiles(paths, NO_FRAMES);
  if (E.isLeft(found)) return tell(err, { code: EX.NOINPUT, problems: [found.left] });
  const { files, skipped, foreign } = found.right;
  const show = new Show(request, outputTo(stdout()), err, process.stdout.isTTY);
  const pause = pauseUntil(interrupted$);
  const interrupting = interrupted$.subscribe(() => show.interrupt());
  try {
    if (request.follow)
      await follow({
        ...{ paths: request.paths, left: NO_FRAMES, now },
        show: (tail, last) => show.file(tail, last),
        isStopped: () => show.isOver,
        pause: () => pause(LOOK_AGAIN_MS),
      });
    else {
      show.tell(skipped.map(skippedLine), EX.OK);
      if (foreign.length > 0) show.tell(foreign.map(foreignLine), EX.DATAERR);
      await showAll(files, show);
    }
    return show.code;
  } finally {
    interrupting.unsubscribe();
  }
};
