import { describeService } from './foreignService';
import { NETWORK_TROUBLES } from './networkTroubles';
import { LOGIN_TROUBLES, refusedToken } from './security/loginTroubles';
import { TLS_TROUBLES } from './security/tlsTroubles';
import {
  always,
  otherEncryption,
  protocolOf,
  WHERE_ADDRESSES_STAND,
  type ConnectionTried,
  type Explain,
  type Trouble,
  type Troubles,
} from './trouble';

const LONGEST_QUOTE = 200;

const inTime: Explain = ({ encrypted, mechanism, progress }) => {
  if (!progress?.connected)
    return {
      found: 'no connection in time',
      change: `check that the host is up and that no firewall drops packets on the way, correct the address ${WHERE_ADDRESSES_STAND}, or raise socket.connection.setup.timeout.ms`,
    };
  if (progress.greeted && mechanism !== undefined)
    return {
      found: `the broker answers, but not to the SASL ${mechanism} login`,
      change: "look into the broker's log, or raise socket.connection.setup.timeout.ms",
    };
  return {
    found: 'it takes the connection and then says nothing',
    change: `the broker hangs, or this is no port of Kafka, or it speaks ${encrypted ? 'no TLS' : 'TLS'}: check the broker, the port and security.protocol`,
  };
};

const closed: Explain = (tried) => {
  const { encrypted, mechanism, progress } = tried;
  if (!progress?.greeted)
    return {
      found: 'it closed the connection without an answer',
      change: encrypted
        ? 'this is no port of Kafka, or a proxy without a broker behind it: correct the port'
        : `if the port speaks TLS, ${otherEncryption(tried)}; else it is none of Kafka, or a proxy without a broker behind it: correct the port`,
    };
  if (mechanism === 'OAUTHBEARER') return refusedToken();
  if (mechanism !== undefined)
    return {
      found: `the broker closed the connection in the middle of the SASL ${mechanism} login`,
      change: "check sasl.username and sasl.password, and look into the broker's log",
    };
  return {
    found: 'the broker closed the connection at the first request',
    change: `if it wants SASL, set security.protocol to ${protocolOf(encrypted, 'any')}, and sasl.mechanisms, sasl.username and sasl.password; else look into the broker's log`,
  };
};

/** The order counts: what says less comes last. */
const TROUBLES: Troubles = [
  ...NETWORK_TROUBLES,
  ...TLS_TROUBLES,
  ...LOGIN_TROUBLES,
  [
    /API Versions not supported|UNSUPPORTED_VERSION/,
    always('the broker speaks no version of the protocol that is known here', 'use Apache Kafka 0.11 or newer'),
  ],
  [
    /^no answer to/,
    (_, said) => ({ found: quote(said), change: 'the broker hangs or has too much to do: look into its log' }),
  ],
  [/in time\b|ETIMEDOUT|[Tt]imeout/, inTime],
  [/ECONNRESET|EPIPE|ECONNABORTED|[Cc]losed/, closed],
];

/** What follows where the bytes that came are not Kafka's: they say more than how the connection ended. */
const fromFirstBytes = (tried: ConnectionTried): Trouble | undefined => {
  const { progress } = tried;
  if (!progress || progress.greeted || progress.firstBytes.length === 0) return undefined;
  const service = describeService(progress.firstBytes);
  return service === 'TLS'
    ? { found: 'the port speaks TLS', change: otherEncryption(tried) }
    : {
        found: `${service} answers, not Kafka`,
        change: `correct the port ${WHERE_ADDRESSES_STAND}`,
      };
};

/** What the error's code and message mean. */
export const troubleOf = (said: string, tried: ConnectionTried): Trouble => {
  const explain = TROUBLES.find(([pattern]) => pattern.test(said))?.[1];
  const foreign = explain === undefined || explain === inTime || explain === closed ? fromFirstBytes(tried) : undefined;
  return foreign ?? explain?.(tried, said) ?? { found: quote(said), change: undefined };
};

/** One line of it. */
const quote = (said: string): string => said.trim().split('\n', 1).join('').slice(0, LONGEST_QUOTE);
