/** `npm run fuzz`: ten million frames through the decoder and a plain one beside it. */
import { parseArgs } from 'node:util';
import { fuzzDecoder, Misread } from './fuzzDecoder';

const DEFAULT_FRAMES = 10_000_000;
const LIMIT_MS = 20 * 60_000;

const { values } = parseArgs({
  options: { frames: { type: 'string', default: String(DEFAULT_FRAMES) }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
const frames = Number(values.frames);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(frames) || frames < 1) {
  console.error(`expected whole numbers, got --seed ${values.seed ?? ''} --frames ${values.frames}`);
  process.exit(64);
}

const MB = 1024 * 1024;
const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0);
let told = 0;
console.log(`seed ${seed}, ${frames} frames`);
try {
  const fuzzed = fuzzDecoder({
    seed,
    frames,
    onStream: (done) => {
      if (performance.now() - started > LIMIT_MS) throw new Error(`not done after ${seconds()} s: ${done} frames`);
      if (done < told + DEFAULT_FRAMES / 10) return;
      told = done;
      console.log(`${done} frames, ${seconds()} s, ${Math.round(process.memoryUsage.rss() / MB)} MB`);
    },
  });
  console.log(JSON.stringify(fuzzed.refused));
  console.log(`${fuzzed.frames} frames in ${fuzzed.streams} streams were read as the protocol says, ${seconds()} s`);
} catch (error) {
  console.error(
    error instanceof Misread ? `${error.message}\nrepeat it: npm run fuzz -- --frames 1 --seed ${error.seed}` : error,
  );
  process.exitCode = 1;
}
