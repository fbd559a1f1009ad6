import * as E from 'fp-ts/Either';
import { parseJsonc } from '../../src/config/jsonc';

const TEXT = `{
  // one
  "streamsConfigs": { "a b": { "Type": "file", "settings": { "x.y": 1, "x": {} } } },
  "buckets": [{ "id": "b" },
    { "batch": 1, "batch": 2 }]
}`;

describe('positionOf', () => {
  const parsed = parseJsonc(TEXT);
  const placeOf = (path: string): string => {
    if (E.isLeft(parsed)) throw new Error('the text is JSON');
    const { line, column } = parsed.right.positionOf(path);
    return (TEXT.split('\n')[line - 1] ?? '').slice(column - 1);
  };

  it.each([
    ['', '{'],
    ['streamsConfigs', '"streamsConfigs": {'],
    ['streamsConfigs["a b"]', '"a b": {'],
    ['streamsConfigs["a b"].type', '"Type": "file"'],
    ['streamsConfigs["a b"].settings.x.y', '"x.y": 1'],
    ['buckets[0]', '{ "id"'],
    // The later of two counts.
    ['buckets[1].batch', '"batch": 2'],
  ])('finds %s', (path, text) => expect(placeOf(path)).toMatch(new RegExp(`^${text.replace(/[[{]/g, '\\$&')}`)));

  it.each([
    ['buckets[0].streams', '{ "id"'],
    ['streamsConfigs["a b"].settings.bootstrap.servers', '"settings"'],
    ['streamsConfigs["a b"].backup.settings["no.such"]', '"a b"'],
    ['buckets[7].id', '"buckets"'],
    ['defaultBucket', '{'],
    ['the id of streamsConfigs.c', '{'],
  ])('finds what should hold %s', (path, text) => expect(placeOf(path).startsWith(text)).toBe(true));
});
