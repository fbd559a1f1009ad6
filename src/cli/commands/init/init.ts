import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'dotenv';
import * as E from 'fp-ts/Either';
import { problemLines } from '../../../config/report';
import { configure } from '../../../control/configure';
import { sinks } from '../../../sinks';
import { topicNameProblem } from '../../../sinks/kafka/topicName';
import { messageOf } from '../../../wire/systemErrors';
import { tell, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import type { InitRequest } from './request';
import { filesOf, type Samples } from './samples';

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const readSamples = async (packageFolder: string): Promise<Samples> => {
  const schema = join(packageFolder, 'docs/buckets.schema.json');
  const read = (path: string): Promise<string> => readFile(join(packageFolder, path), 'utf8');
  return {
    buckets: await read('buckets.json'),
    env: await read('.env.dev.local'),
    unit: await read('packaging/systemd/kahets.service'),
    schema: (await isThere(schema)) ? pathToFileURL(schema).href : undefined,
  };
};

/** What the daemon would say of the files; it says nothing that was not asked for. */
const problemsOf = (files: ReadonlyMap<string, string>, { topic }: InitRequest): readonly string[] => {
  const badTopic = topicNameProblem(topic);
  if (badTopic !== undefined)
    return [`--topic: expected a name that Kafka takes, got ${JSON.stringify(topic)}: ${badTopic}`];
  const configured = configure({
    environment: {},
    envFile: parse(files.get('.env.dev.local') ?? ''),
    kinds: sinks,
    read: () => E.right(files.get('buckets.json') ?? ''),
  });
  return E.isLeft(configured) ? problemLines(configured.left) : [];
};

const nextSteps = (folder: string, data: string): string => `
Try it:
  cd ${folder}
  kahets check --connect
  kahets start

Run it as a service, by a user of its own:
  useradd --system --no-create-home kahets
  install -d -o kahets -g kahets ${resolve(folder, data)}
  cp kahets.service /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now kahets
`;

/** Runs `kahets init`; resolves with its exit code. */
export const init = async (request: InitRequest, { cwd, packageFolder, out, err }: CommandHost): Promise<number> => {
  const folder = resolve(cwd, request.folder);
  const files = filesOf(await readSamples(packageFolder), folder, request);
  const wrong = problemsOf(files, request);
  if (wrong.length > 0) return tell(err, { code: EX.USAGE, problems: wrong });
  const paths = [...files.keys()].map((name) => join(folder, name));
  const there: string[] = [];
  for (const path of paths) if (await isThere(path)) there.push(path);
  if (there.length > 0 && !request.force) {
    const problems = there.map((path) => `${path}: is there already; --force overwrites it`);
    return tell(err, { code: EX.CANTCREAT, problems: [...problems, 'nothing was written'] });
  }
  try {
    await mkdir(folder, { recursive: true });
    // `wx`: one that has come meanwhile stays, too.
    for (const [name, text] of files) await writeFile(join(folder, name), text, { flag: request.force ? 'w' : 'wx' });
  } catch (error) {
    return tell(err, { code: EX.CANTCREAT, problems: [`expected a folder to write to, got ${messageOf(error)}`] });
  }
  out(`${paths.map((path) => `written: ${path}\n`).join('')}${nextSteps(folder, request.data)}`);
  return EX.OK;
};
