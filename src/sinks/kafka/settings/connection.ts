import { BooleanFrom, integerIn } from '../../codecs';
import { Brokers, Text } from './codecs';
import { MAX_INT, needed, setting } from './setting';

export const CONNECTION = {
  'bootstrap.servers': needed(Brokers, {
    also: ['metadata.broker.list'],
    here: 'brokers to start from; port 9092 where none is given, `[IPv6]:port` too',
    unlike: 'a protocol before `://` must be that of `security.protocol`',
  }),
  'client.id': setting(Text, 'rdkafka', { here: "name in the broker's log and quotas" }),
  'socket.timeout.ms': setting(integerIn(10, 300_000), 60_000, {
    here: 'an answer that takes longer ends the connection',
    unlike: 'what a broker answers at once (metadata, say) has 10 s at most',
  }),
  'socket.connection.setup.timeout.ms': setting(integerIn(1000, MAX_INT), 30_000, {
    here: 'how long connecting may take, with TLS and SASL',
  }),
  'socket.keepalive.enable': setting(BooleanFrom, false, { here: 'TCP keep-alive' }),
  'socket.nagle.disable': setting(BooleanFrom, true, { here: 'small writes go at once' }),
  'reconnect.backoff.ms': setting(integerIn(0, 3_600_000), 100, {
    here: 'pause before connecting again, doubled each time, with jitter',
    unlike: 'after a connection that was lost: up to so long, by chance (librdkafka: at once)',
  }),
  'reconnect.backoff.max.ms': setting(integerIn(0, 3_600_000), 10_000, {
    here: 'longest such pause; at least `reconnect.backoff.ms`',
  }),
  'topic.metadata.refresh.interval.ms': setting(integerIn(-1, 3_600_000), 300_000, {
    here: 'how often partitions and leaders are looked up, -1 or 0: only when an error asks for it',
  }),
  'allow.auto.create.topics': setting(BooleanFrom, true, {
    here: 'an unknown topic may be made by the broker, where the broker does so',
  }),
};
