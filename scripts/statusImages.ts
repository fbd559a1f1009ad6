/** Takes the pictures of the status page in docs/images: a demonstration daemon, two minutes of its traffic, real Chromium. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../spec/support/browser';
import { endDaemons } from '../spec/support/daemon';
import { startDemo } from '../spec/support/statusDemo';

const FOLDER = path.resolve(__dirname, '../docs/images');
const SECONDS = Number(process.argv[2] ?? 120);

const PICTURES = [
  { name: 'status-light', colorScheme: 'light', width: 1280, height: 900 },
  { name: 'status-dark', colorScheme: 'dark', width: 1280, height: 900 },
  { name: 'status-phone', colorScheme: 'light', width: 360, height: 740 },
] as const;

const openPages = async (browser: Browser, url: string) =>
  Promise.all(
    PICTURES.map(async ({ name, colorScheme, width, height }) => {
      const page = await browser.newPage({ colorScheme, viewport: { width, height } });
      await page.goto(url);
      return { name, page };
    }),
  );

const main = async (): Promise<void> => {
  await mkdir(FOLDER, { recursive: true });
  const browser = await openBrowser();
  try {
    const demo = await startDemo();
    const pages = await openPages(browser, demo.url);
    // The lines of the chart are drawn a second at a time.
    await sleep(SECONDS * 1000);
    for (const { name, page } of pages)
      await page.screenshot({ path: path.join(FOLDER, `${name}.png`), fullPage: true, animations: 'disabled' });
    await demo.rest();
    await demo.daemon.stop();
  } finally {
    await browser.close();
    await endDaemons();
  }
};

void main();
