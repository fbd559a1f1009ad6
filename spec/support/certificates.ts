/** Certificates for the tests, made by openssl into a folder of their own: nothing secret lies in the tree, and nothing grows old. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A certificate and its key; all are paths of files. */
export interface Identity {
  /** PEM. */
  readonly certificate: string;
  /** PEM, not encrypted. */
  readonly key: string;
  /** PEM, encrypted by {@link KEY_PASSWORD}. */
  readonly encryptedKey: string;
  /** PKCS#12 of certificate, key and CA, under {@link KEY_PASSWORD}. */
  readonly keystore: string;
}

export interface Certificates {
  /** Further files may be put there; it goes with {@link Certificates.remove}. */
  readonly folder: string;
  /** PEM: who signed all that is not said to be another's. */
  readonly ca: string;
  /** PEM: nobody here trusts it. */
  readonly otherCa: string;
  /** For `localhost` and 127.0.0.1. */
  readonly broker: Identity;
  /** For `elsewhere.example` alone. */
  readonly wrongName: Identity;
  /** For `localhost` and 127.0.0.1, of yesterday. */
  readonly expired: Identity;
  /** Of `CN=client`. */
  readonly client: Identity;
  /** Of `CN=client`, and signed by {@link Certificates.otherCa}. */
  readonly stranger: Identity;
  /** Of `CN=client`, of yesterday. */
  readonly expiredClient: Identity;
  /** Makes a new one of `CN=client`; with its own files. */
  readonly anotherClient: (name: string) => Promise<Identity>;
  readonly remove: () => Promise<void>;
}

/** Of encrypted keys and of keystores. */
export const KEY_PASSWORD = 'the password of the key';

const HERE = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const openssl = async (...args: readonly string[]): Promise<void> => {
  await promisify(execFile)('openssl', args);
};

/** The path of a file without `.pem` and `.key`. */
const makeCa = async (folder: string, name: string): Promise<string> => {
  const base = path.join(folder, name);
  const files = ['-keyout', `${base}.key`, '-out', `${base}.pem`];
  await openssl('req', '-x509', ...NEW_KEY, ...files, '-days', '3650', '-subj', `/CN=${name}`);
  return base;
};

interface Wanted {
  readonly ca: string;
  readonly subject: string;
  readonly extension?: string;
  /** From now on; negative: it has expired. */
  readonly days?: number;
}

const makeIdentity = async (folder: string, name: string, wanted: Wanted): Promise<Identity> => {
  const base = path.join(folder, name);
  const { ca, subject, extension = 'keyUsage=digitalSignature', days = 30 } = wanted;
  const identity: Identity = {
    certificate: `${base}.pem`,
    key: `${base}.key`,
    encryptedKey: `${base}.encrypted.key`,
    keystore: `${base}.p12`,
  };
  const { certificate, key, encryptedKey, keystore } = identity;
  const request = `${base}.csr`;
  const password = `pass:${KEY_PASSWORD}`;
  await openssl('req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', subject, '-addext', extension);
  const signer = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
  const made = ['-days', String(days), '-copy_extensions', 'copyall', '-out', certificate];
  await openssl('x509', '-req', '-in', request, ...signer, ...made);
  await openssl('pkcs8', '-topk8', '-in', key, '-v2', 'aes-256-cbc', '-passout', password, '-out', encryptedKey);
  const content = ['-inkey', key, '-in', certificate, '-certfile', `${ca}.pem`];
  await openssl('pkcs12', '-export', ...content, '-passout', password, '-out', keystore);
  return identity;
};

export const makeCertificates = async (): Promise<Certificates> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-certificates-'));
  const [ca, otherCa] = await Promise.all([makeCa(folder, 'ca'), makeCa(folder, 'other-ca')]);
  const client = '/CN=client';
  const make = (name: string, wanted: Wanted): Promise<Identity> => makeIdentity(folder, name, wanted);
  const identities = {
    broker: await make('broker', { ca, subject: '/CN=broker', extension: HERE }),
    wrongName: await make('wrong-name', {
      ca,
      subject: '/CN=broker',
      extension: 'subjectAltName=DNS:elsewhere.example',
    }),
    expired: await make('expired', { ca, subject: '/CN=broker', extension: HERE, days: -1 }),
    client: await make('client', { ca, subject: client }),
    expiredClient: await make('expired-client', { ca, subject: client, days: -1 }),
    stranger: await make('stranger', { ca: otherCa, subject: client }),
  };
  return {
    folder,
    ca: `${ca}.pem`,
    otherCa: `${otherCa}.pem`,
    ...identities,
    anotherClient: (name) => make(name, { ca, subject: client }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
