/** Debian's Chromium, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';

/** Starts Chromium; whoever calls closes it. Fails where it is not installed. */
export const openBrowser = async (): Promise<Browser> => {
  if (!existsSync(PROGRAM))
    throw new Error(`${PROGRAM}: expected Debian's package chromium (apt-get install chromium)`);
  // Root has no sandbox in Chromium; it sees our own page alone.
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-gpu'] });
};
