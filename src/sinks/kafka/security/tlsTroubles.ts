import { always, otherEncryption, type Troubles } from '../trouble';

const CA_SETTING =
  'set ssl.ca.location to the certificate of the CA that signed it (to the certificate itself where it signed itself)';

/** Those of the certificate, as Node lists them. */
const namesIn = (said: string): string => /(DNS|IP Address):.*/s.exec(said)?.[0].trim() ?? 'another name';

/** Certificates and the TLS handshake. */
export const TLS_TROUBLES: Troubles = [
  [
    /ALTNAME_INVALID|does not match certificate's altnames/,
    ({ address }, said) => ({
      found: `the broker's certificate is for ${namesIn(said)}, not for ${address.replace(/:\d+$/, '')}`,
      change:
        'connect by a name of the certificate, have one made for this name, or set ssl.endpoint.identification.algorithm to none',
    }),
  ],
  [
    /CERT_HAS_EXPIRED|certificate has expired/,
    always("the broker's certificate has expired", "renew it on the broker, or set this host's clock right"),
  ],
  [
    /CERT_NOT_YET_VALID|certificate is not yet valid/,
    always(
      "the broker's certificate is not valid yet",
      "set this host's clock right, or have the broker's certificate made anew",
    ),
  ],
  [
    /self.signed|SELF_SIGNED/,
    always("the broker's certificate, or its CA, signed itself and is not trusted here", CA_SETTING),
  ],
  [
    /UNABLE_TO_(VERIFY|GET)|unable to (verify|get)|CERT_SIGNATURE_FAILURE|certificate signature failure|CERT_UNTRUSTED/,
    always("the broker's certificate is of a CA that is not trusted here", CA_SETTING),
  ],
  [
    /alert (bad certificate|certificate required|no certificate)|ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED)/i,
    always(
      'the broker wants a client certificate, or cannot read ours',
      'set ssl.certificate.location and ssl.key.location (or ssl.keystore.location) to one that the broker trusts',
    ),
  ],
  [
    /alert (unknown ca|certificate \w+|unsupported certificate)|ALERT_(UNKNOWN_CA|CERTIFICATE_\w+)/i,
    always(
      'the broker does not accept our client certificate',
      "use one that has not expired and whose CA is in the broker's ssl.truststore (ssl.certificate.location, ssl.keystore.location)",
    ),
  ],
  [
    /protocol version|handshake failure|no shared cipher|no protocols available|unsupported protocol/i,
    always(
      'the broker and we have no version or cipher of TLS in common',
      'enable TLS 1.2 or 1.3 on the broker (ssl.enabled.protocols, ssl.cipher.suites); where it wants a client certificate, set ssl.certificate.location',
    ),
  ],
  [
    /wrong.version.number|packet.length.too.long|unexpected.message|unexpected.eof|EPROTO/i,
    (tried) => ({
      found: 'it answers, but not in TLS',
      change: `if it is a listener of Kafka, ${otherEncryption(tried)}; else correct the port`,
    }),
  ],
  [
    /before secure TLS connection/,
    (tried) => ({
      found: 'it closed the connection in the TLS handshake',
      change: `if the port speaks no TLS, ${otherEncryption(tried)}; else correct the port, or look into the broker's log`,
    }),
  ],
];
