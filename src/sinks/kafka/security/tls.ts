import { createSecureContext, type ConnectionOptions, type SecureContext, type SecureContextOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import * as E from 'fp-ts/Either';
import type { Log } from '../../../model';
import { messageOf } from '../../../wire/systemErrors';
import type { TlsSettings } from '../settings/types';
import { readCertificateFiles, type CertificateFiles } from './certificateFiles';
import { parseCertificates, parseKey, type Found } from './certificateParsing';

/** What `tls.connect` needs to know beside the address. */
export type TlsOptions = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'checkServerIdentity'>;

/** How this sink's connections are encrypted. */
export interface Tls {
  /**
   * For the next connection, of the files as they are now: certificates are renewed while the daemon runs. Where they are no
   * good, the last good ones stay, with a warning. Never rejects.
   */
  readonly next: () => Promise<TlsOptions>;
}

/** Reads and checks all files; the message of a failure names the setting and the file and says what to do. */
export const openTls = async (settings: TlsSettings, log: Log): Promise<E.Either<string, Tls>> => {
  const opened = await read(settings);
  if (E.isLeft(opened)) return opened;
  let good = opened.right;
  let warned: string | undefined;
  const { verify, verifyHostname } = settings;
  return E.right({
    async next() {
      const again = await read(settings, good);
      if (E.isLeft(again)) {
        if (again.left !== warned)
          log.warn('certificates as they were: the files are no good now', { cause: again.left });
        warned = again.left;
      } else {
        if (again.right !== good) log.info('certificates read again');
        good = again.right;
        warned = undefined;
      }
      return {
        secureContext: good.context,
        rejectUnauthorized: verify,
        ...(verifyHostname ? {} : { checkServerIdentity: () => undefined }),
      };
    },
  });
};

interface Loaded {
  readonly files: CertificateFiles;
  readonly context: SecureContext;
}

/** `last` itself where the files have not changed. */
const read = async (settings: TlsSettings, last?: Loaded): Promise<E.Either<string, Loaded>> => {
  const files = await readCertificateFiles(settings);
  if (E.isLeft(files)) return files;
  if (last && isDeepStrictEqual(last.files, files.right)) return E.right(last);
  const context = contextOf(settings, files.right);
  return E.isLeft(context) ? context : E.right({ files: files.right, context: context.right });
};

const contextOf = (settings: TlsSettings, files: CertificateFiles): E.Either<string, SecureContext> => {
  const ca = files.ca && parseCertificates(files.ca);
  if (ca && E.isLeft(ca)) return ca;
  const pair = pairOf(settings, files);
  if (E.isLeft(pair)) return pair;
  const trusted = ca && { ca: ca.right.map(String) };
  const { keystore } = files;
  if (keystore) return openKeystore(keystore, { ...trusted, ...pair.right }, settings.keystore?.password);
  try {
    return E.right(createSecureContext({ ...trusted, ...pair.right }));
  } catch (error) {
    // A key that is too small for OpenSSL's security level, say.
    return E.left(`${files.certificate?.place ?? files.ca?.place ?? 'TLS'} is refused by OpenSSL: ${messageOf(error)}`);
  }
};

/** The certificate and the key that belongs to it. */
const pairOf = (
  { keyPassword }: TlsSettings,
  { certificate, key }: CertificateFiles,
): E.Either<string, SecureContextOptions> => {
  if (!certificate && !key) return E.right({});
  if (!certificate) return E.left('a key is set, but no certificate; set ssl.certificate.location');
  if (!key) return E.left('a certificate is set, but no key; set ssl.key.location');
  const chain = parseCertificates(certificate);
  if (E.isLeft(chain)) return chain;
  const secret = parseKey(key, keyPassword);
  if (E.isLeft(secret)) return secret;
  if (!chain.right[0]?.checkPrivateKey(secret.right))
    return E.left(
      `${key.place} is not the key of ${certificate.place}, whose first certificate must be the client's own; set the two that belong together`,
    );
  return E.right({
    cert: chain.right.map(String).join(''),
    key: secret.right.export({ type: 'pkcs8', format: 'pem' }),
  });
};

/** How Java's own keystores begin. */
const JAVA_KEYSTORE = Buffer.from('feedfeed', 'hex');

const openKeystore = (
  { place, bytes }: Found,
  others: SecureContextOptions,
  password: string | undefined,
): E.Either<string, SecureContext> => {
  if (bytes.subarray(0, JAVA_KEYSTORE.length).equals(JAVA_KEYSTORE))
    return E.left(
      `${place} is a Java keystore; convert it to PKCS#12 by keytool -importkeystore -deststoretype PKCS12`,
    );
  try {
    return E.right(
      createSecureContext({ ...others, pfx: bytes, ...(password === undefined ? {} : { passphrase: password }) }),
    );
  } catch (error) {
    return E.left(`${place} ${keystoreTrouble(messageOf(error), password)}`);
  }
};

const keystoreTrouble = (said: string, password: string | undefined): string => {
  if (said.includes('mac verify failure'))
    return `cannot be decrypted; ${password === undefined ? 'set' : 'correct'} ssl.keystore.password`;
  if (/unsupported/i.test(said))
    return 'is encrypted by a method that OpenSSL 3 has given up; make it anew by openssl pkcs12 -export';
  if (said.includes('private key'))
    return 'holds no private key; put key and certificate into it by openssl pkcs12 -export -inkey KEY -in CERTIFICATE';
  return `is no PKCS#12 file (${said}); expected one of openssl pkcs12 -export`;
};
