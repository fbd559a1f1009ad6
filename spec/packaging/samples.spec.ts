/** The configurations that packages and images bring. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { configure } from '../../src/control/configure';
import { sinks } from '../../src/sinks';
import { ROOT } from '../support/endToEnd';
import { PACKAGING } from './tools';

const configured = (text: string): ReturnType<typeof configure> =>
  configure({ environment: {}, envFile: {}, kinds: sinks, read: () => E.right(text) });

describe('packaged configurations', () => {
  it.each(['debian/buckets.json', 'docker/buckets.json'])('%s has neither error nor warning', (name) => {
    const text = readFileSync(path.join(PACKAGING, name), 'utf8');
    expect(configured(text)).toEqual(E.right(expect.objectContaining({ warnings: [] })));
    // What it keeps is in the folder that survives, with the owner that may write there.
    expect([...text.matchAll(/"path": "([^"]*)"/g)].map(([, folder]) => folder)).toEqual(['/var/lib/kahets/backup']);
  });

  it('the one of Debian names the schema that the package brings', () => {
    const text = readFileSync(path.join(PACKAGING, 'debian/buckets.json'), 'utf8');
    const [, file = ''] = /"\$schema": "file:\/\/\/usr\/lib\/kahets\/([^"]+)"/.exec(text) ?? [];
    expect(JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'))).toHaveProperty('$schema');
    // What is laid down there.
    expect(readFileSync(path.join(ROOT, 'scripts/stage.mjs'), 'utf8')).toContain(`'${file}'`);
  });

  it('would be told of a wrong one', () => {
    expect(E.isLeft(configured('{ "streamsConfigs": {} }'))).toBe(true);
  });
});
