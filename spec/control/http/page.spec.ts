import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pageRoutes } from '../../../src/control/http/page';

const FOLDER = path.resolve(__dirname, '../../../src/control/http/page');
const MOST_BYTES = 200_000;

/** As the build makes it. */
const BUILT = mkdtempSync(path.join(tmpdir(), 'kahets-page-'));
cpSync(FOLDER, BUILT, { recursive: true });
for (const file of [require.resolve('uplot/dist/uPlot.iife.min.js'), require.resolve('uplot/dist/uPlot.min.css')])
  copyFileSync(file, path.join(BUILT, path.basename(file)));
afterAll(() => rmSync(BUILT, { recursive: true }));

const routes = pageRoutes(BUILT);
const textOf = async (name: string): Promise<string> => {
  const reply = await new Map(routes).get(name)?.(new URLSearchParams());
  if (!reply || !('body' in reply)) throw new Error(`expected ${name}`);
  return reply.body.toString();
};

describe('the status page', () => {
  it('serves every file of its folder, and the chart', () => {
    const own = readdirSync(FOLDER).map((name) => (name === 'index.html' ? '/' : `/${name}`));
    expect(routes.map(([name]) => name).sort()).toEqual([...own, '/uPlot.iife.min.js', '/uPlot.min.css'].sort());
  });

  it('loads less than 200 kB in all', async () => {
    const bodies = await Promise.all(routes.map(([name]) => textOf(name)));
    expect(bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0)).toBeLessThan(MOST_BYTES);
  });

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/page.css', 'text/css; charset=utf-8'],
    ['/main.mjs', 'text/javascript; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
    ['/uPlot.iife.min.js', 'text/javascript; charset=utf-8'],
  ])('serves %s as %s', async (name, type) =>
    expect(await new Map(routes).get(name)?.(new URLSearchParams())).toMatchObject({ status: 200, type }),
  );

  it('needs nobody else, and no script or style in the page itself', async () => {
    const html = await textOf('/');
    const ours = await Promise.all(routes.filter(([name]) => !name.startsWith('/uPlot')).map(([name]) => textOf(name)));
    expect(ours.join('\n').replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=/);
  });

  it('has links that work below any path', async () => {
    const html = await textOf('/');
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => /^(\/|\w+:)/.test(link ?? ''))).toEqual([]);
    expect(await textOf('/main.mjs')).toContain('new EventSource(`events?');
  });

  it('puts nothing into the page but text', () => {
    const scripts = readdirSync(FOLDER).filter((name) => name.endsWith('.mjs'));
    const source = scripts.map((name) => readFileSync(path.join(FOLDER, name), 'utf8')).join('\n');
    expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/);
  });

  it.each([
    [0.07, '7 %'],
    [0.125, '12.5 %'],
    [0.0001, '0.01 %'],
  ])('writes the slice %f as %s', (slice, text) => {
    // Jest runs no ES modules.
    const script = `import { percent } from '${path.join(FOLDER, 'format.mjs')}'; process.stdout.write(percent(${slice}))`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script]).toString()).toBe(text);
  });

  it('reads a file again that could not be read', async () => {
    const missing = new Map(pageRoutes('/nowhere')).get('/');
    await expect(missing?.(new URLSearchParams())).rejects.toThrow('ENOENT');
    await expect(missing?.(new URLSearchParams())).rejects.toThrow('ENOENT');
  });
});
