import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { encodeFrame } from '../../src/wire/frame';
import { openBrowser } from '../support/browser';
import { send } from '../support/client';
import { endDaemons, startDaemon } from '../support/daemon';
import { fileStream, oneBucket } from '../support/endToEnd';
import { freePorts } from '../support/kafka';
import { startDemo, urlOf } from '../support/statusDemo';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);
afterAll(() => browser.close());

/** What a page has complained about. */
const complaints: string[] = [];
let proxy: Server | undefined;
afterEach(async () => {
  proxy?.close();
  proxy?.closeAllConnections();
  await Promise.all(browser.contexts().map((context) => context.close()));
  await endDaemons();
  complaints.length = 0;
});

const openPage = async (options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return page;
};

const figure = (page: Page, name: string) => page.locator('#figures > div', { hasText: name }).locator('dd').first();

const serving = async (buckets: unknown, env: Record<string, string | number> = {}) => {
  const daemon = await startDaemon({ buckets, env: { HTTP: '127.0.0.1:0', ...env } });
  return { daemon, url: await urlOf(daemon) };
};

const anyBucket = { streamsConfigs: { copy: fileStream() }, defaultBucket: { streams: ['copy'], batchTimeout: 100 } };

describe('the status page', () => {
  it('shows live what flows from the socket through buckets to streams', async () => {
    const { url, rest } = await startDemo();
    const page = await openPage();
    const sizes: Promise<number>[] = [];
    const origins = new Set<string>();
    page.on('response', (response) => {
      origins.add(new URL(response.url()).origin);
      if (!response.url().includes('/events')) sizes.push(response.body().then(({ length }) => length));
    });
    await page.goto(url);
    await page.getByText('● ready').waitFor();
    await page.getByText('▲ to the backup').waitFor();
    await page.locator('#streams .stream', { hasText: 'archive' }).getByText('● up').waitFor();
    await page.locator('#buckets tbody tr', { hasText: 'requests' }).first().waitFor();
    await page.locator('#discards tbody tr', { hasText: 'no-such-bucket' }).getByText('{"n":0}').waitFor();
    await page.locator('#lines li', { hasText: 'stream open: messages go to the backup' }).waitFor();
    await page
      .locator('#streams .backup', { hasText: 'Backup: files backup/*/*' })
      .getByText(/[1-9][\d,]* messages in it/)
      .waitFor();
    // With the second event there are rates.
    await page
      .locator('#legend li')
      .filter({ hasText: /^received[\d,.]+$/ })
      .waitFor();
    expect(await page.locator('#legend li').allTextContents()).toEqual([
      expect.stringMatching(/^received[\d,.]+$/),
      expect.stringMatching(/^to kafka_010$/),
      expect.stringMatching(/^to archive[\d,.]+$/),
      expect.stringMatching(/^to sample[\d,.]+$/),
    ]);
    const before = (await figure(page, 'Received a second').textContent()) ?? '';
    await figure(page, 'Received a second').filter({ hasNotText: before }).waitFor();
    expect(await page.locator('#chart canvas').count()).toBe(1);

    expect([...origins]).toEqual([new URL(url).origin]);
    const loaded = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(loaded).toBeLessThan(200_000);
    expect(complaints).toEqual([]);
    await rest();
  });

  it('says that nothing has happened yet', async () => {
    const { url } = await serving(anyBucket);
    const page = await openPage();
    await page.goto(url);
    await page.getByText('Nothing has been received yet.').waitFor();
    await page.getByText('Nothing has been discarded.').waitFor();
    await page.getByText('There were none.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows what clients call their buckets as text', async () => {
    const name = '<img src=x onerror="document.title=1">';
    const { daemon, url } = await serving(oneBucket('b', { copy: fileStream() }), { HTTP_MESSAGES: 1 });
    const page = await openPage();
    await page.goto(url);
    await send(daemon.socket, encodeFrame(name, '<script>document.title=2</script>'));
    await page.locator('#discards').getByText(name).waitFor();
    await page.locator('#discards').getByText('<script>document.title=2</script>').waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toMatch(/^kahets · /);
  });

  it('shows the fifty busiest of thousands of buckets, and any that is looked for', async () => {
    const { daemon, url } = await serving(anyBucket);
    const page = await openPage();
    await page.goto(url);
    await send(daemon.socket, Buffer.concat(Array.from({ length: 3000 }, (_, n) => encodeFrame(`bucket-${n}`, 'm'))));
    await page.getByText('The 50 busiest of 3,000 rows; filter to see others.').waitFor();
    expect(await page.locator('#buckets tbody tr').count()).toBe(50);
    await page.getByLabel('Filter').fill('BUCKET-2718');
    await page.locator('#buckets tbody tr', { hasText: 'bucket-2718' }).waitFor();
    await page.locator('#buckets tbody:not(:has(tr:nth-child(2)))').waitFor();
    await page.getByLabel('Filter').fill('none of them');
    await page.getByText('No bucket of such a name has received anything.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows what became of reloads of the configuration', async () => {
    const { daemon, url } = await serving(anyBucket);
    const page = await openPage();
    await page.goto(url);
    await page.getByText('● ready').waitFor();
    expect(await page.locator('#reloads').isVisible()).toBe(false);
    process.kill(daemon.pid, 'SIGHUP');
    await page.getByText(/^configuration reloaded \d+ s ago · 1 succeeded, 0 failed$/).waitFor();
    await writeFile(path.join(daemon.folder, 'buckets.json'), '{}');
    process.kill(daemon.pid, 'SIGHUP');
    await page
      .getByText(/^▲ configuration not reloaded, the log says why: \d+ s ago · 1 succeeded, 1 failed$/)
      .waitFor();
    await page.locator('#lines li', { hasText: 'configuration not reloaded, what runs goes on' }).waitFor();
  });

  it('says that the connection is lost, and goes on when the daemon is back', async () => {
    const [port = 0] = await freePorts(1);
    const { daemon, url } = await serving(anyBucket, { HTTP: port });
    const page = await openPage();
    await page.goto(url);
    await page.getByText('● ready').waitFor();
    expect(await page.locator('#notice').textContent()).toBe('');
    await daemon.stop('SIGKILL');
    await page.getByText('Connection lost.').waitFor();
    expect(await page.locator('#notice').getAttribute('aria-live')).toBe('polite');
    await serving(anyBucket, { HTTP: port });
    await page.locator('#notice:empty').waitFor({ state: 'attached' });
  });

  it('is light or dark as the system is, or as its reader wants it, by keyboard too', async () => {
    const { url } = await serving(anyBucket);
    const page = await openPage({ colorScheme: 'light' });
    await page.goto(url);
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Theme: auto');
    await page.keyboard.press('Enter');
    expect([await background(), await page.locator('#theme').textContent()]).toEqual([light, 'Theme: light']);
    await page.reload();
    expect(await background()).toBe(light);
    await page.locator('#theme').press('Space');
    expect([await background(), await page.locator('#theme').textContent()]).toEqual([dark, 'Theme: dark']);
  });

  it('is read in order by keyboard: skip, theme, filter, links', async () => {
    const { url } = await serving(anyBucket);
    const page = await openPage();
    await page.goto(url);
    const focused: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      await page.keyboard.press('Tab');
      focused.push(await page.evaluate<string>('document.activeElement.id || document.activeElement.textContent'));
    }
    expect(focused).toEqual(['Skip to the content', 'theme', 'filter', 'Metrics', 'Status as JSON', 'Ready']);
  });

  it('fits a phone: nothing is wider than 360 pixels, and tables stay tables', async () => {
    const { url, rest } = await startDemo();
    const page = await openPage({ viewport: { width: 360, height: 740 } });
    await page.goto(url);
    await page.locator('#discards tbody tr').first().waitFor();
    await page.getByText('▲ to the backup').waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360);
    const cells = page
      .getByRole('table', { name: 'Messages by bucket' })
      .getByRole('row', { name: /requests/ })
      .first();
    expect(await cells.getByRole('rowheader').count()).toBe(1);
    expect(await cells.getByRole('cell').count()).toBe(6);
    await rest();
  });

  it('works below a path of a proxy', async () => {
    const { daemon, url } = await serving(anyBucket);
    proxy = createServer(({ url: asked = '', method, headers }, response) => {
      if (!asked.startsWith('/inside/kahets/')) {
        response.writeHead(404).end();
        return;
      }
      const passed = request(new URL(asked.slice('/inside/kahets/'.length), url), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      response.on('close', () => passed.destroy());
      passed.on('error', () => response.destroy());
      passed.end();
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const page = await openPage();
    await page.goto(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/inside/kahets/`);
    await page.getByText('● ready').waitFor();
    await send(daemon.socket, encodeFrame('b', 'm'));
    await page.locator('#buckets tbody tr', { hasText: 'b' }).waitFor();
    expect(complaints).toEqual([]);
    await page.getByRole('link', { name: 'Ready' }).click();
    await page.getByText('"ready":true').waitFor();
  });
});
