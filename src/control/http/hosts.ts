import type { HttpAddress } from '../../config/envCodecs';

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** No name: digits and dots, or hexadecimal ones with colons. */
const isAddress = (name: string): boolean => /^[\d.]+$/.test(name) || name.includes(':');

/** The name in a `Host` header, without brackets and port. */
const nameIn = (header: string): string | undefined => {
  const [, bracketed, plain] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header.trim()) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
};

/**
 * Which `Host` headers are answered. A page of a stranger can make its own name point to this host (DNS rebinding), and then read
 * what it is answered; so a name must be one that is expected: of the loopback, the address that is listened on, or of `hosts`.
 * Where all addresses are listened on, any address will do, being no name. To a UNIX socket no browser gets.
 */
export const allowsHost = (
  address: HttpAddress,
  hosts: readonly string[],
): ((header: string | undefined) => boolean) => {
  if (address.kind === 'unix') return () => true;
  const names = new Set([...LOOPBACK, address.host.toLowerCase(), ...hosts.map((host) => nameIn(host) ?? host)]);
  const isAnyAddress = ANY_ADDRESS.has(address.host);
  return (header) => {
    const name = nameIn(header ?? '');
    return name !== undefined && (names.has(name) || (isAnyAddress && isAddress(name)));
  };
};
