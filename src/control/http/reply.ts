import type { ServerResponse } from 'node:http';

/** The answer to a request: all of it, or what goes on writing. */
export type Reply =
  | { readonly status: number; readonly type: string; readonly body: string | Buffer }
  | { readonly status: number; readonly type: string; readonly stream: (response: ServerResponse) => void };

/** What is answered is of the moment, is shown to nobody else's page, and runs nothing but our own files. */
const SECURITY: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const JSON_TYPE = 'application/json; charset=utf-8';

/** A line for people. */
export const textReply = (status: number, text: string): Reply => ({
  ...{ status, type: 'text/plain; charset=utf-8', body: `${text}\n` },
});

export const jsonReply = (status: number, value: unknown): Reply => ({
  ...{ status, type: JSON_TYPE, body: `${JSON.stringify(value)}\n` },
});

/** Sends a reply; for `HEAD` its headers alone. */
export const send = (
  response: ServerResponse,
  reply: Reply,
  { headOnly, headers = {} }: { readonly headOnly: boolean; readonly headers?: Readonly<Record<string, string>> },
): void => {
  const all = { ...SECURITY, 'Content-Type': reply.type, ...headers };
  if ('stream' in reply) {
    response.writeHead(reply.status, all);
    if (headOnly) response.end();
    else reply.stream(response);
    return;
  }
  response.writeHead(reply.status, { ...all, 'Content-Length': String(Buffer.byteLength(reply.body)) });
  response.end(headOnly ? undefined : reply.body);
};
