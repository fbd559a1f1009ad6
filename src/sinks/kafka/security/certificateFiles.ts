import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import type { CertificateSource, TlsSettings } from '../settings/types';
import type { Found } from './certificateParsing';

/** All that the TLS settings name, as it stands in the files now. */
export interface CertificateFiles {
  readonly ca: Found | undefined;
  readonly certificate: Found | undefined;
  readonly key: Found | undefined;
  readonly keystore: Found | undefined;
}

type Reading = E.Either<string, Found>;

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; correct the path',
  ENOTDIR: 'does not exist; correct the path',
  EACCES: 'cannot be read by this user; give the daemon the right to read it',
  EPERM: 'cannot be read by this user; give the daemon the right to read it',
  EISDIR: 'is a folder; name a file',
};

const failed = (place: string, error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
  return `${place} ${CAUSES[code] ?? `cannot be read (${code})`}`;
};

const readPath = async (setting: string, path: string): Promise<Reading> => {
  const place = `${setting} "${path}"`;
  try {
    return E.right({ place, bytes: await readFile(path) });
  } catch (error) {
    return E.left(failed(place, error));
  }
};

/** All files of a folder behind one another, as librdkafka takes a folder of CA certificates; what is no PEM is left out. */
const readFolder = async (setting: string, path: string): Promise<Reading> => {
  const place = `${setting} "${path}"`;
  try {
    if (!(await stat(path)).isDirectory()) return await readPath(setting, path);
    const entries = (await readdir(path, { withFileTypes: true })).filter((entry) => !entry.isDirectory());
    const texts: Buffer[] = [];
    for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = await readPath(setting, join(path, name));
      if (E.isLeft(file)) return file;
      const { bytes } = file.right;
      if (bytes.includes('-----BEGIN')) texts.push(bytes, Buffer.from('\n'));
    }
    return E.right({ place, bytes: Buffer.concat(texts) });
  } catch (error) {
    return E.left(failed(place, error));
  }
};

const readSource = (
  name: 'ssl.ca' | 'ssl.certificate' | 'ssl.key',
  source: CertificateSource | undefined,
): Promise<Reading> | undefined => {
  if (!source) return undefined;
  if ('pem' in source) return Promise.resolve(E.right({ place: `${name}.pem`, bytes: Buffer.from(source.pem) }));
  return (name === 'ssl.ca' ? readFolder : readPath)(`${name}.location`, source.path);
};

/** Reads every file that the settings name; the first that cannot be read is the failure. */
export const readCertificateFiles = async (settings: TlsSettings): Promise<E.Either<string, CertificateFiles>> => {
  const { ca, certificate, key, keystore } = settings;
  const readings = await Promise.all([
    readSource('ssl.ca', ca),
    readSource('ssl.certificate', certificate),
    readSource('ssl.key', key),
    keystore && readPath('ssl.keystore.location', keystore.path),
  ]);
  for (const reading of readings) if (reading && E.isLeft(reading)) return reading;
  const [caFound, certificateFound, keyFound, keystoreFound] = readings.map((reading) =>
    reading && E.isRight(reading) ? reading.right : undefined,
  );
  return E.right({ ca: caFound, certificate: certificateFound, key: keyFound, keystore: keystoreFound });
};
