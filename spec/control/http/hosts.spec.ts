import type { HttpAddress } from '../../../src/config/envCodecs';
import { allowsHost } from '../../../src/control/http/hosts';

const at = (host: string): HttpAddress => ({ kind: 'tcp', host, port: 9410 });

describe('allowsHost', () => {
  it.each<[string, string | undefined, boolean]>([
    ['127.0.0.1', 'localhost', true],
    ['127.0.0.1', 'LOCALHOST:9410', true],
    ['127.0.0.1', '127.0.0.1:1', true],
    ['127.0.0.1', '[::1]:9410', true],
    ['127.0.0.1', 'status.example.com', true],
    ['127.0.0.1', 'Status.Example.com:443', true],
    ['127.0.0.1', '[fd00::2]', true],
    ['127.0.0.1', 'evil.example', false],
    ['127.0.0.1', 'localhost.evil.example', false],
    ['127.0.0.1', '10.0.0.1', false],
    ['127.0.0.1', 'localhost@evil.example', false],
    ['127.0.0.1', '', false],
    ['127.0.0.1', undefined, false],
    ['10.0.0.1', '10.0.0.1:9410', true],
    ['10.0.0.1', '10.0.0.2:9410', false],
    ['kahets.internal', 'kahets.internal', true],
    ['::1', '[::1]', true],
    ['0.0.0.0', '10.0.0.2:9410', true],
    ['::', '[fe80::1]:9410', true],
    ['0.0.0.0', 'evil.example', false],
    ['::', '10.0.0.1.evil.example', false],
  ])('at %s a request for %s: %s', (host, header, allowed) =>
    expect(allowsHost(at(host), ['status.example.com', '[fd00::2]'])(header)).toBe(allowed),
  );

  it.each(['anything', '', undefined])('at a UNIX socket, where no browser comes, one for %s too', (header) =>
    expect(allowsHost({ kind: 'unix', path: '/run/http.sock' }, [])(header)).toBe(true),
  );
});
