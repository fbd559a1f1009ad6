import { always, WHERE_ADDRESSES_STAND, type Troubles } from './trouble';

const codeIn = (said: string): string => /\bE[A-Z]{3,}\b/.exec(said)?.[0] ?? 'no code';

/** No connection came about at all. */
export const NETWORK_TROUBLES: Troubles = [
  [
    /ECONNREFUSED/,
    always(
      'nothing listens there (ECONNREFUSED)',
      `start the broker, or correct the host or port ${WHERE_ADDRESSES_STAND}`,
    ),
  ],
  [
    /ENOTFOUND/,
    always(
      'no such host name (ENOTFOUND)',
      `correct it ${WHERE_ADDRESSES_STAND}, or make it known by DNS or /etc/hosts`,
    ),
  ],
  [
    /EAI_AGAIN/,
    always('the name server does not answer (EAI_AGAIN)', "check this host's DNS (/etc/resolv.conf) and its network"),
  ],
  [
    /E(HOST|NET)(UNREACH|DOWN)/,
    (_, said) => ({
      found: `no way leads there (${codeIn(said)})`,
      change: "check the address, this host's network and routes, and the firewalls between",
    }),
  ],
  [
    /\b(EACCES|EPERM)\b/,
    (_, said) => ({
      found: `this host does not allow the connection (${codeIn(said)})`,
      change: "check its firewall, and what confines the daemon (systemd's IPAddressDeny, SELinux, AppArmor)",
    }),
  ],
  [
    /\b(EMFILE|ENFILE)\b/,
    (_, said) => ({
      found: `no file descriptor is left for a socket (${codeIn(said)})`,
      change: "raise the limit of open files (ulimit -n, systemd's LimitNOFILE)",
    }),
  ],
];
