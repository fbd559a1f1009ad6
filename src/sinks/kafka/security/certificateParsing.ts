import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import * as E from 'fp-ts/Either';

/** What stood in a file or setting, and where that is, for people: `ssl.ca.location "/etc/ca.pem"`. */
export interface Found {
  readonly place: string;
  readonly bytes: Buffer;
}

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----/;

const attempt = <A>(make: () => A): A | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

/** What a text that should hold something else is, as far as its headings say. */
const describe = ({ bytes }: Found): string => {
  if (bytes.length === 0) return 'is empty';
  const heading = PEM.exec(bytes.toString('latin1'))?.[1];
  return heading === undefined ? 'is neither PEM nor DER' : `holds "${heading}"`;
};

/** The certificates of a PEM text, or the one of a DER file. At least one. */
export const parseCertificates = (found: Found): E.Either<string, readonly X509Certificate[]> => {
  const { place, bytes } = found;
  const blocks = bytes.toString('latin1').match(CERTIFICATE) ?? [];
  const sources: readonly (string | Buffer)[] =
    blocks.length > 0 ? blocks : PEM.test(bytes.toString('latin1')) ? [] : [bytes];
  const certificates = sources.map((source) => attempt(() => new X509Certificate(source)));
  const broken = certificates.indexOf(undefined);
  if (blocks.length > 0 && broken >= 0)
    return E.left(`${place}: its certificate ${broken + 1} cannot be read; have the file made anew`);
  const whole = certificates.filter((certificate) => certificate !== undefined);
  return whole.length > 0
    ? E.right(whole)
    : E.left(`${place} ${describe(found)}; expected a certificate ("BEGIN CERTIFICATE", or DER)`);
};

const DER_TYPES = ['pkcs8', 'pkcs1', 'sec1'] as const;

const readDer = (key: Buffer, passphrase: string | undefined): KeyObject | undefined => {
  for (const type of DER_TYPES) {
    const options = { key, format: 'der', type, ...(passphrase === undefined ? {} : { passphrase }) } as const;
    const found = attempt(() => createPrivateKey(options));
    if (found) return found;
  }
  return undefined;
};

/** A private key: PEM or DER, PKCS#8, PKCS#1 or SEC1, encrypted or not. */
export const parseKey = (found: Found, password: string | undefined): E.Either<string, KeyObject> => {
  const { place, bytes } = found;
  const text = bytes.toString('latin1');
  if (!PEM.test(text)) {
    const key = readDer(bytes, password);
    return key
      ? E.right(key)
      : E.left(`${place} ${describe(found)}; expected a private key, with its ssl.key.password where it is encrypted`);
  }
  if (!text.includes('PRIVATE KEY-----'))
    return E.left(`${place} ${describe(found)}; expected a private key ("BEGIN PRIVATE KEY")`);
  const encrypted = text.includes('ENCRYPTED');
  if (encrypted && password === undefined) return E.left(`${place} is encrypted; set ssl.key.password`);
  const key = attempt(() =>
    createPrivateKey({ key: text, ...(password === undefined ? {} : { passphrase: password }) }),
  );
  if (key) return E.right(key);
  return E.left(
    encrypted
      ? `${place} cannot be decrypted; correct ssl.key.password`
      : `${place} holds a private key that cannot be read; have it made anew, as PKCS#8 in PEM`,
  );
};
