import { BooleanFrom, integerIn } from '../../codecs';
import { Acks } from './codecs';
import { MAX_INT, optional, setting } from './setting';

export const DELIVERY = {
  acks: setting(Acks, -1, {
    also: ['request.required.acks'],
    here: 'who must have a batch before it counts as delivered: all replicas in sync, the leader (1), nobody (0)',
    unlike: 'numbers above 1 are refused, as brokers do',
  }),
  'enable.idempotence': optional(BooleanFrom, {
    here: 'resends make no duplicates. `true`: a broker that refuses it is an error; not set: it is gone without, with one warning',
    unlike:
      'on where `acks` is all (librdkafka: off); any `max.in.flight` goes with it, as a partition has one batch on its way',
    missing: 'on where `acks` is all',
  }),
  'request.timeout.ms': setting(integerIn(1, 900_000), 30_000, {
    here: 'how long the broker may wait for its replicas',
  }),
  'message.timeout.ms': optional(integerIn(0, MAX_INT), {
    also: ['delivery.timeout.ms'],
    here: 'how long a message without a backup may wait for its delivery, 0: for ever; above `linger.ms`',
    unlike:
      'bounds it only where it is set (librdkafka: 300000, then the message is dropped). With a backup, `failover.afterMs` comes first',
    missing: 'for ever',
  }),
  retries: setting(integerIn(0, MAX_INT), MAX_INT, {
    also: ['message.send.max.retries'],
    here: 'attempts after the first',
  }),
  'retry.backoff.ms': setting(integerIn(1, 300_000), 100, {
    here: 'pause between attempts, doubled each time, with jitter',
  }),
  'retry.backoff.max.ms': setting(integerIn(1, 300_000), 1000, { here: 'longest such pause' }),
  'max.in.flight.requests.per.connection': setting(integerIn(1, 1_000_000), 1_000_000, {
    also: ['max.in.flight'],
    here: 'requests to a broker at once, on different partitions',
    unlike: 'one batch of a partition at a time, always',
  }),
};
