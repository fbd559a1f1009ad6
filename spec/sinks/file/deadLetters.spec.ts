import { join } from 'node:path';
import { NO_OPTIONS, type Sink } from '../../../src/model';
import { batchOf, testEnv } from '../../../src/testing/builders';
import { checkFile, filesIn, inFolder, messagesIn, written } from '../../support/fileSinks';

const openBoth = async (settings: Readonly<Record<string, unknown>>): Promise<readonly [Sink, Sink]> => {
  const checked = checkFile(settings);
  const [files, dead] = [
    await checked.open(testEnv(), NO_OPTIONS)(),
    await checked.deadLetters?.open(testEnv({ name: 'stream.deadLetter' }), NO_OPTIONS)(),
  ];
  if (files._tag === 'Left' || dead?._tag !== 'Right') throw new Error('both sinks should open');
  return [files.right, dead.right];
};

describe('file: the dead letters beside it', () => {
  it.each(['{bucket}', '{bucket}.log', '{bucket}/{ts}.log', 'all', 'all-{ts}'])(
    '%s: each has its own files, keeps its own number of them, and neither goes on with the other’s',
    (fileNameTemplate) =>
      inFolder(async (path) => {
        const settings = { path, fileNameTemplate, sizeRotate: 1, maxFiles: 2 };
        for (const round of ['1', '2']) {
          const [files, dead] = await openBoth(settings);
          for (const n of ['1', '2', '3']) {
            await written(files, batchOf('a', [`file ${round}.${n}`]));
            await written(dead, batchOf('a', [`dead ${round}.${n}`]));
          }
          await files.close();
          await dead.close();
        }
        const names = await filesIn(path);
        const inOf = async (ends: boolean): Promise<readonly string[]> => {
          const chosen = names.filter((name) => /\.dead$/.test(name) === ends);
          return (await Promise.all(chosen.map((name) => messagesIn(join(path, name))))).flat().sort();
        };
        expect(await inOf(true)).toEqual([expect.stringMatching(/^dead/), expect.stringMatching(/^dead/)]);
        expect(await inOf(false)).toEqual([expect.stringMatching(/^file/), expect.stringMatching(/^file/)]);
      }),
  );

  it('have a claim of their own', () => {
    const { claims, deadLetters } = checkFile({ path: '/tmp/x', fileNameTemplate: '{bucket}.log' });
    expect([claims, deadLetters?.claims]).toEqual([['file /tmp/x/*.log'], ['file /tmp/x/*.log.dead']]);
  });

  it('are left out where their names would be too long', () => {
    expect(checkFile({ path: '/tmp/x', fileNameTemplate: 'x'.repeat(236) }).deadLetters).toBeUndefined();
  });
});
