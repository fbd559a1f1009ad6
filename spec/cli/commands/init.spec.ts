import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'dotenv';
import * as E from 'fp-ts/Either';
import { parseJsonc } from '../../../src/config/jsonc';
import { valueOf } from '../../../src/config/section';
import { inFolder } from '../../support/fileSinks';
import { ROOT } from '../../support/endToEnd';
import { run } from './harness';

const NAMES = ['.env.dev.local', 'buckets.json', 'kahets.service'];

describe('kahets init', () => {
  it('writes what the daemon takes, with comments, and says what to do next', () =>
    inFolder(async (folder) => {
      const conf = join(folder, 'new/conf');
      const { code, out, err } = await run(['init', conf]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect((await readdir(conf)).toSorted()).toEqual(NAMES);
      expect(out).toContain(`written: ${join(conf, 'buckets.json')}\n`);
      expect(out).toContain(`cd ${conf}\n  kahets check --connect\n  kahets start\n`);
      expect(await readFile(join(conf, 'buckets.json'), 'utf8')).toContain('// Where messages go.');
      const checked = await run(['check', join(conf, 'buckets.json')]);
      expect(checked).toMatchObject({ code: 0, err: '' });
    }));

  it('fills in brokers, topic and the folder for data', () =>
    inFolder(async (folder) => {
      const args = ['--brokers', 'k1:9092,k2:9093', '--topic', 'orders', '--data', '/var/lib/ka "hets'];
      expect((await run(['init', folder, ...args])).code).toBe(0);
      const { out } = await run(['check', join(folder, 'buckets.json')]);
      expect(out).toContain('\nbucket orders\n');
      expect(out).toContain('stream kafka_01: Kafka at k1:9092, k2:9093\n');
      expect(out).toContain('messages go to the backup: files /var/lib/ka "hets/backup/');
      expect(out).toContain('stream file_copy: files /var/lib/ka "hets/copy/');
      const env = parse(await readFile(join(folder, '.env.dev.local'), 'utf8'));
      expect(env['SPOOL']).toBe('/var/lib/ka "hets/spool');
    }));

  it('names the schema of the package, where that has it', () =>
    inFolder(async (folder) => {
      const schemaIn = async (conf: string): Promise<unknown> => {
        const parsed = parseJsonc(await readFile(join(folder, conf, 'buckets.json'), 'utf8'));
        return E.isRight(parsed) && valueOf(parsed.right.value, '$schema');
      };
      await run(['init', join(folder, 'one')]);
      expect(await schemaIn('one')).toBe(pathToFileURL(join(ROOT, 'docs/buckets.schema.json')).href);

      const bare = join(folder, 'package');
      for (const sample of ['buckets.json', '.env.dev.local', 'packaging/systemd/kahets.service'])
        await cp(join(ROOT, sample), join(bare, sample));
      expect((await run(['init', join(folder, 'two')], { packageFolder: bare })).code).toBe(0);
      expect(await schemaIn('two')).toBeUndefined();
    }));

  it('makes a unit of the packaged one, for this folder', () =>
    inFolder(async (folder) => {
      const conf = join(folder, '100%');
      await mkdir(conf);
      await run(['init', '.'], { cwd: conf });
      const packaged = await readFile(join(ROOT, 'packaging/systemd/kahets.service'), 'utf8');
      const unit = await readFile(join(conf, 'kahets.service'), 'utf8');
      const written = conf.replace('%', '%%');
      expect(unit.split('\n').filter((line) => !packaged.split('\n').includes(line))).toEqual([
        `WorkingDirectory=${written}`,
        `Environment="BUCKETS_FILE=${written}/buckets.json"`,
        `Environment="SPOOL=${written}/data/spool"`,
        '# All else is read-only to it.',
        `ReadWritePaths="${written}/data"`,
      ]);
    }));

  it('overwrites nothing, and writes nothing beside what is there, unless it is told to', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'buckets.json'), 'mine');
      const { code, out, err } = await run(['init', folder]);
      expect({ code, out }).toEqual({ code: 73, out: '' });
      expect(err).toBe(
        `kahets: ${join(folder, 'buckets.json')}: is there already; --force overwrites it\nkahets: nothing was written\n`,
      );
      expect(await readdir(folder)).toEqual(['buckets.json']);
      expect(await readFile(join(folder, 'buckets.json'), 'utf8')).toBe('mine');
      expect((await run(['init', folder, '--force'])).code).toBe(0);
      expect(parseJsonc(await readFile(join(folder, 'buckets.json'), 'utf8'))._tag).toBe('Right');
    }));

  it.each([
    [['--brokers', 'k1:port'], 'bootstrap.servers'],
    [['--brokers', ''], 'bootstrap.servers'],
    [['--topic', 'a b'], '--topic: expected a name that Kafka takes, got "a b"'],
  ])('writes nothing where it is called wrongly: %j', (args, said) =>
    inFolder(async (folder) => {
      const { code, err } = await run(['init', folder, ...args]);
      expect(code).toBe(64);
      expect(err).toContain(said);
      expect(await readdir(folder)).toEqual([]);
    }),
  );

  it('ends with 73 where it cannot write', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      const { code, err } = await run(['init', join(folder, 'file/conf')]);
      expect(code).toBe(73);
      expect(err).toContain('kahets: expected a folder to write to, got ENOTDIR');
    }));
});
