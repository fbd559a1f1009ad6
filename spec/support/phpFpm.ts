/** PHP-FPM behind nginx, as web hosts have them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import path from 'node:path';
import { freePorts } from './kafka';

const SBIN = '/usr/sbin';
const NGINX = path.join(SBIN, 'nginx');
const WITHIN_MS = 20_000;

const fpm = (): string | undefined => {
  const found = existsSync(SBIN) ? readdirSync(SBIN).filter((name) => /^php-fpm\d/.test(name)) : [];
  const [latest] = found.sort().reverse();
  return latest && path.join(SBIN, latest);
};

export const hasPhpFpm = (): boolean => fpm() !== undefined && existsSync(NGINX);

const fpmConfig = (folder: string, workers: number): string => `
[global]
error_log = ${folder}/fpm.log
daemonize = no
[www]
user = root
listen = ${folder}/fpm.sock
pm = static
pm.max_children = ${workers}
catch_workers_output = yes
`;

const nginxConfig = (folder: string, page: string, port: number): string => `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 100000;
  ${['client_body', 'fastcgi', 'proxy', 'scgi', 'uwsgi'].map((name) => `${name}_temp_path ${folder}/temp;`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / {
      fastcgi_param SCRIPT_FILENAME ${page};
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_pass unix:${folder}/fpm.sock;
    }
  }
}
`;

export interface WebHost {
  /** Asks for the page; rejects where the answer is not 200. */
  readonly ask: (query: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const bodyOf = (url: string, agent: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`${answer.statusCode ?? ''}: ${body.slice(0, 1000)}`));
      });
    }).on('error', reject);
  });

/** Serves one page, by so many workers, from files in `folder`; resolves when it answers. */
export const startWebHost = async (folder: string, page: string, workers: number): Promise<WebHost> => {
  const [port = 0] = await freePorts(1);
  await mkdir(path.join(folder, 'temp'), { recursive: true });
  await writeFile(path.join(folder, 'fpm.conf'), fpmConfig(folder, workers));
  await writeFile(path.join(folder, 'nginx.conf'), nginxConfig(folder, page, port));
  const children: ChildProcess[] = [
    spawn(fpm() ?? '', ['-F', '-R', '-y', path.join(folder, 'fpm.conf')], { stdio: 'ignore' }),
    spawn(NGINX, ['-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'nginx.log')], { stdio: 'ignore' }),
  ];
  const agent = new Agent({ keepAlive: true, maxSockets: workers });
  const ask = (query: string): Promise<string> => bodyOf(`http://127.0.0.1:${port}/?${query}`, agent);
  const stop = async (): Promise<void> => {
    agent.destroy();
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
  };
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    try {
      await ask('mode=none');
      return { ask, stop };
    } catch (cause) {
      if (performance.now() > deadline) {
        await stop();
        throw new Error('PHP-FPM behind nginx does not answer', { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};
