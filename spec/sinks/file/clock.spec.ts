import { join } from 'node:path';
import { batchOf, testEnv } from '../../../src/testing/builders';
import { filesIn, inFolder, messagesIn, openFile, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const DAY_MS = 86_400_000;

describe('file: a clock that is put a day forward, then a day back', () => {
  it.each(['{bucket}-{ts}', '{bucket}/{ts}.log', '{bucket}', '{ts}/{bucket}', '{bucket}-{rand}'])(
    '%s: no name is taken twice, all is there once and in order',
    (fileNameTemplate) =>
      inFolder(async (path) => {
        let nowMs = 1_700_000_000_000;
        const settings = { path, fileNameTemplate, sizeRotate: 30, ageRotate: '24h' };
        const sink = await openFile(settings, testEnv({ now: () => nowMs }));
        const texts: string[] = [];
        for (const stepMs of [0, 0, DAY_MS, 0, -DAY_MS, 0, 0, -DAY_MS, 0]) {
          nowMs += stepMs;
          for (let n = 0; n < 3; n += 1) {
            texts.push(`${texts.length}`);
            await written(sink, batchOf('r', texts.slice(-1)));
          }
        }
        await sink.close();
        const files = await Promise.all((await filesIn(path)).map((name) => messagesIn(join(path, name))));
        expect(files.flat()).toEqual(texts);
        expect(files.length).toBeGreaterThan(5);
      }),
  );
});
