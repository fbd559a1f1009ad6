import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TlsSettings } from '../../../../src/sinks/kafka/settings/types';
import { openTls, type Tls } from '../../../../src/sinks/kafka/security/tls';
import { memoryLog } from '../../../../src/testing/builders';
import { KEY_PASSWORD, makeCertificates, type Certificates } from '../../../support/certificates';
import { TLS_DEFAULTS } from '../settingsOf';

describe('openTls', () => {
  let certificates: Certificates;
  const file = (name: string): string => path.join(certificates.folder, name);
  const put = async (name: string, content: string | Buffer): Promise<{ readonly path: string }> => {
    await writeFile(file(name), content);
    return { path: file(name) };
  };
  const open = (settings: Partial<TlsSettings>, log = memoryLog()) => openTls({ ...TLS_DEFAULTS, ...settings }, log);
  const fault = async (settings: Partial<TlsSettings>): Promise<string> => {
    const opened = await open(settings);
    if (opened._tag === 'Right') throw new Error('it is taken');
    return opened.left.replaceAll(certificates.folder, 'FOLDER');
  };
  const accepted = async (settings: Partial<TlsSettings>): Promise<void> => {
    expect(await open(settings)).toMatchObject({ _tag: 'Right' });
  };

  beforeAll(async () => {
    certificates = await makeCertificates();
  }, 30_000);
  afterAll(() => certificates.remove());

  describe('takes', () => {
    it('nothing: what Node trusts', async () => {
      const opened = await open({});
      if (opened._tag === 'Left') throw new Error(opened.left);
      expect(await opened.right.next()).toEqual({
        secureContext: expect.anything() as unknown,
        rejectUnauthorized: true,
      });
    });

    it('verification and the check of the name switched off', async () => {
      const opened = await open({ verify: false, verifyHostname: false });
      if (opened._tag === 'Left') throw new Error(opened.left);
      const { rejectUnauthorized, checkServerIdentity } = await opened.right.next();
      expect(rejectUnauthorized).toBe(false);
      expect(checkServerIdentity?.('elsewhere.example', {} as never)).toBeUndefined();
    });

    it('a CA in PEM, in DER, as a text, as several, and as a folder', async () => {
      const pem = await readFile(certificates.ca, 'utf8');
      const other = await readFile(certificates.otherCa, 'utf8');
      await accepted({ ca: { path: certificates.ca } });
      await accepted({ ca: { pem } });
      await accepted({ ca: await put('two.pem', `# ours\n${pem}\n# theirs\n${other}`) });
      await accepted({ ca: await put('ca.der', new X509Certificate(pem).raw) });
      await mkdir(file('cas/deeper'), { recursive: true });
      await put('cas/ca.pem', pem);
      await put('cas/README', 'nothing');
      await accepted({ ca: { path: file('cas') } });
    });

    it('a key in PEM and DER, encrypted and not, old and new', async () => {
      const { certificate, key, encryptedKey } = certificates.client;
      const own = { certificate: { path: certificate }, keyPassword: KEY_PASSWORD };
      const convert = (name: string, ...args: readonly string[]): { readonly path: string } => {
        execFileSync('openssl', [...args, '-in', key, '-out', file(name)], { stdio: 'ignore' });
        return { path: file(name) };
      };
      const password = ['-passout', `pass:${KEY_PASSWORD}`];
      await accepted({ ...own, key: { path: key }, keyPassword: undefined });
      await accepted({ ...own, key: { path: encryptedKey } });
      await accepted({ ...own, key: { path: key } });
      await accepted({ ...own, key: convert('old.key', 'ec') });
      await accepted({ ...own, key: convert('old-encrypted.key', 'ec', '-aes128', ...password) });
      await accepted({ ...own, key: convert('pkcs8.der', 'pkcs8', '-topk8', '-nocrypt', '-outform', 'DER') });
      await accepted({ ...own, key: convert('sec1.der', 'ec', '-outform', 'DER') });
      await accepted({ ...own, key: convert('encrypted.der', 'pkcs8', '-topk8', '-outform', 'DER', ...password) });
    });

    it('PKCS#12', () =>
      accepted({
        ca: { path: certificates.ca },
        keystore: { path: certificates.client.keystore, password: KEY_PASSWORD },
      }));
  });

  describe('says what is wrong, where, and what to do', () => {
    const pairOf = (settings: Partial<TlsSettings> = {}): Partial<TlsSettings> => ({
      certificate: { path: certificates.client.certificate },
      key: { path: certificates.client.key },
      ...settings,
    });

    it('with a file that cannot be read', async () => {
      expect(await fault({ ca: { path: file('none') } })).toBe(
        'ssl.ca.location "FOLDER/none" does not exist; correct the path',
      );
      expect(await fault(pairOf({ key: { path: file('none') } }))).toContain('ssl.key.location "FOLDER/none" does not');
      expect(await fault(pairOf({ certificate: { path: certificates.folder } }))).toBe(
        'ssl.certificate.location "FOLDER" is a folder; name a file',
      );
      expect(await fault({ keystore: { path: file('none'), password: '' } })).toContain('ssl.keystore.location');
    });

    it('with a file of a folder that cannot be read', async () => {
      await mkdir(file('links'));
      await symlink(file('none'), file('links/gone.pem'));
      expect(await fault({ ca: { path: file('links') } })).toBe(
        'ssl.ca.location "FOLDER/links/gone.pem" does not exist; correct the path',
      );
    });

    // The superuser may read everything.
    (process.getuid?.() === 0 ? it.skip : it)('with a file that belongs to somebody else', async () => {
      await copyFile(certificates.client.key, file('secret.key'));
      await chmod(file('secret.key'), 0);
      expect(await fault(pairOf({ key: { path: file('secret.key') } }))).toBe(
        'ssl.key.location "FOLDER/secret.key" cannot be read by this user; give the daemon the right to read it',
      );
    });

    it('with what is no certificate', async () => {
      const expected = '; expected a certificate ("BEGIN CERTIFICATE", or DER)';
      expect(await fault({ ca: await put('empty', '') })).toBe(`ssl.ca.location "FOLDER/empty" is empty${expected}`);
      expect(await fault({ ca: await put('noise', 'noise') })).toContain(`is neither PEM nor DER${expected}`);
      expect(await fault({ ca: { path: certificates.client.key } })).toContain(`holds "PRIVATE KEY"${expected}`);
      expect(await fault({ ca: { pem: 'x' } })).toBe(`ssl.ca.pem is neither PEM nor DER${expected}`);
    });

    it('with a certificate that is cut', async () => {
      const pem = await readFile(certificates.ca, 'utf8');
      const lines = pem.split('\n');
      const cut = [...lines.slice(0, 3), ...lines.slice(5)].join('\n');
      expect(await fault({ ca: await put('cut.pem', pem + cut) })).toContain('its certificate 2 cannot be read; have');
    });

    it('with one half of the pair', async () => {
      expect(await fault({ certificate: { path: certificates.client.certificate } })).toBe(
        'a certificate is set, but no key; set ssl.key.location',
      );
      expect(await fault({ key: { path: certificates.client.key } })).toContain('set ssl.certificate.location');
    });

    it('with the key of another certificate', async () => {
      expect(await fault(pairOf({ key: { path: certificates.broker.key } }))).toBe(
        'ssl.key.location "FOLDER/broker.key" is not the key of ssl.certificate.location "FOLDER/client.pem", whose first certificate must be the client\'s own; set the two that belong together',
      );
    });

    it('with what is no key', async () => {
      expect(await fault(pairOf({ key: { path: certificates.ca } }))).toContain(
        'holds "CERTIFICATE"; expected a private',
      );
      expect(await fault(pairOf({ key: { pem: '' } }))).toContain('ssl.key.pem is empty; expected a private key');
      const broken = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
      expect(await fault(pairOf({ key: { pem: broken } }))).toContain(
        'ssl.key.pem holds a private key that cannot be read',
      );
    });

    it('with no password of the key, or a wrong one', async () => {
      const key = { path: certificates.client.encryptedKey };
      expect(await fault(pairOf({ key }))).toBe(
        'ssl.key.location "FOLDER/client.encrypted.key" is encrypted; set ssl.key.password',
      );
      expect(await fault(pairOf({ key, keyPassword: 'wrong' }))).toBe(
        'ssl.key.location "FOLDER/client.encrypted.key" cannot be decrypted; correct ssl.key.password',
      );
    });

    it('with a keystore', async () => {
      const { keystore, key } = certificates.client;
      const place = 'ssl.keystore.location "FOLDER/client.p12"';
      expect(await fault({ keystore: { path: keystore, password: undefined } })).toBe(
        `${place} cannot be decrypted; set ssl.keystore.password`,
      );
      expect(await fault({ keystore: { path: keystore, password: 'wrong' } })).toBe(
        `${place} cannot be decrypted; correct ssl.keystore.password`,
      );
      expect(await fault({ keystore: { path: key, password: '' } })).toContain('is no PKCS#12 file');
      const java = await put('java.jks', Buffer.from('feedfeed00000002', 'hex'));
      expect(await fault({ keystore: { ...java, password: '' } })).toContain('is a Java keystore; convert it');
      const make = (name: string, ...args: readonly string[]): { readonly path: string; readonly password: string } => {
        execFileSync('openssl', ['pkcs12', '-export', ...args, '-passout', 'pass:abc', '-out', file(name)]);
        return { path: file(name), password: 'abc' };
      };
      expect(await fault({ keystore: make('no-key.p12', '-nokeys', '-in', certificates.ca) })).toContain(
        'holds no private key; put',
      );
      const own = ['-inkey', key, '-in', certificates.client.certificate];
      expect(await fault({ keystore: make('old.p12', '-legacy', ...own) })).toContain(
        'that OpenSSL 3 has given up; make',
      );
    });
  });

  describe('next', () => {
    /** With a CA file of its own, to be changed. */
    const openOwn = async (log: ReturnType<typeof memoryLog>): Promise<Tls> => {
      await copyFile(certificates.ca, file('own.pem'));
      const opened = await open({ ca: { path: file('own.pem') } }, log);
      if (opened._tag === 'Left') throw new Error(opened.left);
      return opened.right;
    };

    it('takes the files as they are at each connection, and makes nothing anew where they have not changed', async () => {
      const log = memoryLog();
      const { next } = await openOwn(log);
      const first = await next();
      expect((await next()).secureContext).toBe(first.secureContext);
      await copyFile(certificates.otherCa, file('own.pem'));
      expect((await next()).secureContext).not.toBe(first.secureContext);
      expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual(['info certificates read again']);
    });

    it('keeps the last good ones, and says so once, until the files are good again', async () => {
      const log = memoryLog();
      const { next } = await openOwn(log);
      const first = await next();
      await writeFile(file('own.pem'), 'half a fi');
      expect((await next()).secureContext).toBe(first.secureContext);
      await next();
      expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
      expect(log.lines[0]?.fields['cause']).toContain('own.pem" is neither PEM nor DER');
      await copyFile(certificates.ca, file('own.pem'));
      expect((await next()).secureContext).toBe(first.secureContext);
      await writeFile(file('own.pem'), 'half a fi');
      await next();
      expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    });
  });
});
