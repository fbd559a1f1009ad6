import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import type { StatusDocument } from '../../../control/status/document';
import { tell, type CommandEnd, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { endOfHttp, httpAddressOf } from '../../httpAddress';
import { printable, printableJson } from '../../printable';
import { coloursFor } from '../../screen/colours';
import { terminalOf } from '../../screen/terminal';
import { askStatus } from '../../status/ask';
import { problemsOf } from '../../status/problems';
import type { StatusRequest } from './request';
import { statusLines } from './lines';

const endOf = (document: StatusDocument): CommandEnd => {
  const problems = problemsOf(document).map(printable);
  return { code: problems.length === 0 ? EX.OK : EX.TEMPFAIL, problems };
};

const show = (request: StatusRequest, document: StatusDocument, { stdout, environment, out }: CommandHost): void => {
  const terminal = terminalOf(stdout());
  const look = {
    // What is no terminal takes lines of any length.
    width: terminal ? terminal.columns || 80 : Infinity,
    colours: coloursFor(terminal !== undefined, environment),
  };
  out(
    statusLines(document, request, look)
      .map((line) => `${line}\n`)
      .join(''),
  );
};

/** Runs `kahets status`; resolves with its exit code. */
export const status = async (request: StatusRequest, host: CommandHost): Promise<number> => {
  const { buckets: limit, bucket, timeoutMs, json } = request;
  const asked = await pipe(
    TE.fromEither(httpAddressOf(request.http, host)),
    TE.chain((address) => pipe(askStatus(address, { limit, bucket }, { timeoutMs }), TE.mapLeft(endOfHttp))),
  )();
  const end = E.isRight(asked) ? endOf(asked.right) : asked.left;
  const document = E.isRight(asked) ? asked.right : undefined;
  if (json) host.out(`${printableJson({ ...document, exitCode: end.code, problems: end.problems })}\n`);
  else if (document) show(request, document, host);
  return tell(host.err, end);
};
