import { always, protocolOf, type Explain, type Trouble, type Troubles } from '../trouble';

export const refusedToken = (): Trouble => ({
  found: 'the broker refused the token (SASL OAUTHBEARER)',
  change:
    "check sasl.oauthbearer.scope and the client's audience at the token endpoint, and issuer, audience and key set (jwks) on the broker",
});

const refusedLogin: Explain = ({ mechanism }) =>
  mechanism === 'OAUTHBEARER'
    ? refusedToken()
    : {
        found: `the broker refused the user or password (SASL ${mechanism ?? ''})`,
        change: `correct sasl.username and sasl.password, or make the user known to the broker for ${mechanism ?? ''}`,
      };

/** The SASL login. */
export const LOGIN_TROUBLES: Troubles = [
  [
    /UNSUPPORTED_SASL_MECHANISM|mechanism is not supported|not support the requested SASL mechanism/,
    ({ mechanism }) => ({
      found: `the broker does not take SASL ${mechanism ?? ''}`,
      change: "set sasl.mechanisms to one of the broker's sasl.enabled.mechanisms, or enable it there",
    }),
  ],
  [
    /ILLEGAL_SASL_STATE|not valid given the current SASL state/,
    ({ encrypted }) => ({
      found: 'the broker asks for no SASL at this port',
      change: `set security.protocol to ${protocolOf(encrypted, undefined)}, or use the port of its SASL listener`,
    }),
  ],
  [
    /server signature|server nonce|iteration count/i,
    always(
      'the broker gave no proof that it knows our password',
      'make sure that this is your broker, and check sasl.password',
    ),
  ],
  [/Authentication failed|authentication failed|SASL_AUTHENTICATION_FAILED/, refusedLogin],
];
