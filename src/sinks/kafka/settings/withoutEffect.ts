/** Settings of librdkafka that are known and change nothing here: each family with the reason that users are told. */
export interface Family {
  readonly names: readonly string[];
  readonly why: string;
}

const family = (why: string, names: string): Family => ({ why, names: names.trim().split(/\s+/) });

/** Every one, by its family. */
export const WITHOUT_EFFECT: readonly Family[] = [
  family(
    'it is for consumers, and this is a producer',
    `auto.commit.enable auto.commit.interval.ms auto.offset.reset check.crcs client.rack
     consume.callback.max.messages coordinator.query.interval.ms enable.auto.commit enable.auto.offset.store
     enable.partition.eof fetch.error.backoff.ms fetch.max.bytes fetch.message.max.bytes fetch.min.bytes
     fetch.queue.backoff.ms fetch.wait.max.ms group.id group.instance.id group.protocol group.protocol.type
     group.remote.assignor heartbeat.interval.ms isolation.level max.partition.fetch.bytes max.poll.interval.ms
     max.poll.records offset.store.method offset.store.path offset.store.sync.interval.ms
     partition.assignment.strategy queued.max.messages.kbytes queued.min.messages session.timeout.ms
     share.acknowledgement.mode`,
  ),
  family(
    'it is set by a program that calls librdkafka, and cannot stand in a file',
    `background_event_cb closesocket_cb connect_cb consume_cb default_topic_conf dr_cb dr_msg_cb enabled_events
     error_cb interceptors log_cb msg_order_cmp oauthbearer_token_refresh_cb offset_commit_cb opaque open_cb
     partitioner_cb rebalance_cb resolve_cb socket_cb ssl.certificate.verify_cb ssl_ca ssl_certificate
     ssl_engine_callback_data ssl_key stats_cb throttle_cb`,
  ),
  family(
    'it is about the channels of the Go client',
    `go.application.rebalance.enable go.batch.producer go.delivery.report.fields go.delivery.reports
     go.events.channel.enable go.events.channel.size go.logs.channel go.logs.channel.enable go.produce.channel.size`,
  ),
  family('it says what a build of librdkafka can do', 'builtin.features'),
  family(
    'every broker says by itself which versions it takes',
    'api.version.fallback.ms api.version.request api.version.request.timeout.ms broker.version.fallback',
  ),
  family(
    "addresses are looked up for each connection, and all that a name has are tried in the system's order",
    'broker.address.family broker.address.ttl client.dns.lookup',
  ),
  family("the system chooses the sizes of a socket's buffers", 'socket.receive.buffer.bytes socket.send.buffer.bytes'),
  family(
    'a request that times out always ends its connection, since an answer that is late would be taken for another',
    'socket.max.fails',
  ),
  family(
    'a connection that nothing has used for five to ten minutes is closed, unless it is the only one; one that the broker closes is opened again',
    'connections.max.idle.ms',
  ),
  family('pauses before connecting again always vary', 'reconnect.backoff.jitter.ms'),
  family('answers to a producer are small', 'receive.message.max.bytes'),
  family('messages are always copied, from the bytes read into the record batch', 'message.copy.max.bytes'),
  family(
    'only the topics that are written to are looked up, at once when an error says that they have changed and every topic.metadata.refresh.interval.ms',
    `metadata.max.age.ms topic.blacklist topic.metadata.propagation.max.ms topic.metadata.refresh.fast.cnt
     topic.metadata.refresh.fast.interval.ms topic.metadata.refresh.sparse`,
  ),
  family(
    'when no known broker answers, those of bootstrap.servers are always tried again',
    'metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy',
  ),
  family(
    'messages of a partition go in the order in which they came, and what is left behind goes to the backup or the dead letters',
    'enable.gapless.guarantee queuing.strategy',
  ),
  family(
    'a partition has one batch on its way, and what comes meanwhile gathers behind it',
    'queue.buffering.backpressure.threshold',
  ),
  family(
    'every message is accounted for, and the log shows the sums',
    'delivery.report.only.error produce.offset.report',
  ),
  family('there are no transactions', 'transaction.timeout.ms'),
  family('the log shows all lines as they come', 'log.queue log.thread.name'),
  family('numbers about the client are not sent to the brokers', 'enable.metrics.push'),
  family(
    'Node has its own threads and random numbers',
    'enable.random.seed internal.termination.signal socket.blocking.max.ms',
  ),
  family('it is for Windows', 'ssl.ca.certificate.stores'),
  family(
    'Kerberos is not available',
    `sasl.kerberos.keytab sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.principal
     sasl.kerberos.service.name`,
  ),
  family(
    'tokens are asked for by the id and secret of the client alone',
    `sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud
     sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss
     sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds
     sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file
     sasl.oauthbearer.assertion.jwt.template.file sasl.oauthbearer.assertion.private.key.file
     sasl.oauthbearer.assertion.private.key.passphrase sasl.oauthbearer.assertion.private.key.pem
     sasl.oauthbearer.config`,
  ),
  family('the broker reads from the token who we are', 'sasl.oauthbearer.sub.claim.name'),
  family(
    'the certificate of the token endpoint is checked against what Node trusts: set NODE_EXTRA_CA_CERTS for the process',
    'https.ca.location https.ca.pem',
  ),
];
