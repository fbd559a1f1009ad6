import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probeFolder } from '../../../src/sinks/file/probeFolder';
import { inFolder } from '../../support/fileSinks';

describe('probeFolder', () => {
  it('finds nothing wrong with a folder that can be written to, and leaves nothing there', () =>
    inFolder(async (folder) => {
      expect(await probeFolder(folder)).toEqual([{ place: `folder ${folder}` }]);
      expect(await readdir(folder)).toEqual([]);
    }));

  it('makes no folder that is missing, and says where it will be made', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'a/b');
      const note = `is not there yet: it is made in ${folder} by the start`;
      expect(await probeFolder(path)).toEqual([{ place: `folder ${path}`, note }]);
      expect(await readdir(folder)).toEqual([]);
    }));

  it.each(['file', 'file/below'])('finds that a file stands in its place: %s', (name) =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      const path = join(folder, name);
      const problem = `expected a folder, found that ${join(folder, 'file')} is none`;
      expect(await probeFolder(path)).toEqual([{ place: `folder ${path}`, problem }]);
    }),
  );

  it('finds what cannot be written to', async () => {
    // The kernel lets nobody make files there.
    expect(await probeFolder('/proc/self')).toEqual([
      { place: 'folder /proc/self', problem: expect.stringMatching(/^cannot be written to: E/) as unknown },
    ]);
  });
});
