import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Route } from './router';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of the status page; the build lays those of its chart's package, the last two, beside the others. */
const FILES: readonly string[] = [
  'page.css',
  'main.mjs',
  'chart.mjs',
  'dom.mjs',
  'format.mjs',
  'history.mjs',
  'streams.mjs',
  'tables.mjs',
  'theme.mjs',
  'icon.svg',
  'uPlot.iife.min.js',
  'uPlot.min.css',
];

/** A file that is read when it is asked for first. */
const fileRoute = (file: string): Route => {
  let body: Promise<Buffer> | undefined;
  return async () => {
    body ??= readFile(file);
    body.catch(() => (body = undefined));
    return { status: 200, type: TYPES[path.extname(file)] ?? 'application/octet-stream', body: await body };
  };
};

/** The status page, whose files are in `folder`. */
export const pageRoutes = (folder: string): readonly (readonly [string, Route])[] => [
  ['/', fileRoute(path.join(folder, 'index.html'))],
  ...FILES.map((name) => [`/${name}`, fileRoute(path.join(folder, name))] as const),
];
