import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { frameVectors, fromHex, goodVectors } from '../vectors/frames';
import { answers, syncs } from '../vectors/syncs';

const PHP = 'php';
const ROOT = path.resolve(__dirname, '../..');
const page = readFileSync(path.join(ROOT, 'docs/protocol.md'), 'utf8');

/** The indented blocks of lines that start with bytes, as hexadecimal without spaces. */
const hexBlocks = [...page.matchAll(/(?: {4}(?:[0-9a-f]{2} )+ .*\n)+/g)].map(([block]) =>
  [...block.matchAll(/^ {4}((?:[0-9a-f]{2} )+) /gm)].map(([, bytes = '']) => bytes.replaceAll(' ', '')).join(''),
);

const phpBlocks = [...page.matchAll(/```php\n<\?php\n([^]*?)```/g)].map(([, code = '']) => code);

/** Where PHP is missing this is skipped, but not in CI. */
const itWithPhp = process.env['CI'] === 'true' || spawnSync(PHP, ['--version']).status === 0 ? it : it.skip;

const vectorBytes = (name: string): string =>
  fromHex(frameVectors.find((vector) => vector.name === name)?.bytes ?? 'none').toString('hex');

const recordVectors = goodVectors.filter(
  ({ accepted }) => accepted.length > 0 && accepted.every(({ as }) => as === 'record'),
);

/** Encodes the vectors that hold records alone with the page's function, one line each. */
const ENCODE_VECTORS = `
$bytes = fn (?string $hex) => $hex === null ? null : hex2bin($hex);
foreach (json_decode(file_get_contents($argv[1]), true)['vectors'] as ['accepted' => $messages, 'refused' => $refused]) {
    if ($messages === [] || $refused !== [] || in_array('frame', array_column($messages, 'as'))) {
        continue;
    }
    foreach ($messages as $message) {
        $headers = array_map(fn ($header) => [$header[0], $bytes($header[1])], $message['headers']);
        echo bin2hex(record($message['bucket'], $bytes($message['message']), $bytes($message['key']),
            $message['timestampMs'], $message['partition'], $headers));
    }
    echo "\\n";
}`;

describe('docs/protocol.md', () => {
  it('shows the bytes of the vectors', () => {
    expect(hexBlocks).toEqual([
      ...['frame', 'record'].map((body) => vectorBytes(`the example of a ${body} in docs/protocol.md`)),
      ...[...syncs, ...answers]
        .filter(({ name }) => name === 'the example in docs/protocol.md')
        .map(({ bytes }) => fromHex(bytes).toString('hex')),
    ]);
  });

  itWithPhp('has a PHP function that writes its example', () => {
    const found = execFileSync(PHP, ['-r', `${phpBlocks[1] ?? ''} echo bin2hex($frame);`], { encoding: 'utf8' });
    expect(found).toBe(vectorBytes('the example of a record in docs/protocol.md'));
  });

  itWithPhp('has a PHP function that writes every record of the vectors', () => {
    const file = path.join(ROOT, 'spec/vectors/frames.json');
    const found = execFileSync(PHP, ['-r', (phpBlocks[1] ?? '') + ENCODE_VECTORS, file], { encoding: 'utf8' });
    expect(recordVectors.length).toBeGreaterThan(10);
    expect(found.trimEnd().split('\n')).toEqual(recordVectors.map(({ bytes }) => fromHex(bytes).toString('hex')));
  });
});
