import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/endToEnd';

interface Sample {
  readonly place: string;
  readonly text: string;
}

const fileAt = (place: string): Sample => ({ place, text: readFileSync(join(ROOT, place), 'utf8') });

/** Blocks of JSON in a page that are a whole `buckets.json`. */
const inPage = ({ place, text }: Sample): readonly Sample[] =>
  [...text.matchAll(/```jsonc?\n([\s\S]*?)```/g)]
    .map(([, block = ''], index) => ({ place: `${place}, block ${index + 1}`, text: block }))
    .filter(({ text: block }) => block.includes('"streamsConfigs"'));

const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Every `buckets.json` that a user is shown, or that specs are fed with. */
export const configurations: readonly Sample[] = [
  ...[
    'buckets.json',
    'packaging/debian/buckets.json',
    'packaging/docker/buckets.json',
    'spec/config/fixtures/seed.buckets.txt',
    'spec/vectors/kahego-buckets.txt',
  ].map(fileAt),
  ...pages.map(fileAt).flatMap(inPage),
];
