/** What docs/PERFORMANCE.md says about the bench: the words around the tables. */
import { machine, measuredOn } from './machine';
import { markdownTable, sectionId, type Section } from './page';
import { peerVersions } from './peers';
import { reportMarkdown, SUMMARY_HEADER, summaryRow, type MeasuredSubject } from './report';
import type { Group, Shape } from './shape';
import { SHAPES } from './shapes';

const introduction = (): string => {
  const versions = Object.entries(peerVersions()).map(([name, version]) => `${name} ${version || 'not here'}`);
  return `What a message costs in kahets, beside what Debian packages for the same work, measured on one machine in one run.

    npm run bench -- --write                       # all of it, three runs each: about 40 minutes
    npm run bench -- --write --shape bulk,paced    # some shapes; the others stay as they are

Each section says when, on what and with which command it was measured. Last written on ${machine()}; ${versions.join(', ')}. Peers that are not installed are unpacked from their Debian packages beside the system.

Machines differ and the broker shares this one: **ratios within a table count, not absolute numbers**, and not numbers of different tables.`;
};

const METHOD = `## Method

- **CPU µs a message**: user and system time of the subject's process with all its threads, from just before the first message until the end offsets of the broker's partitions show all of them (files: until they have all bytes), divided by the messages. Of \`kcat\` and \`cat\`, of their whole lives. The median of the runs by this figure, and the least and the most.
- **messages/s**: over the same time, which includes the linger of one second at the end. Subject, broker and load generator share the cores, so this is no measure of what a subject could do on a machine of its own.
- **peak MB**: the largest resident set of all runs. **lost**: sent, and not there a minute after the last.
- **Subjects take turns** (A B C A B C …), each run with topics of its own and a daemon of its own, which 300,000 messages (at most 100 MB) have made warm. The load generator is a process of its own. A run that takes over two minutes has failed, and its row says so; the others go on.
- **Alike for all**: acks all, snappy, linger 1 s (\`queue.buffering.max.ms\`), \`batch.num.messages\` 50,000, \`queue.buffering.max.messages\` 500,000, three partitions, no keys, and the same messages: JSON-like text, 10,000 different ones, which snappy makes about a third.
- **The subjects**: kahets as built, with its default memory; \`kcat -P\`, which reads lines from a file; rsyslog, \`imptcp\` (a UNIX stream socket, 2 threads) to \`omkafka\`, with a queue of half a million messages and large dequeues; syslog-ng, \`unix-stream\` to \`kafka-c\`, asynchronous, with flow control and a window that loses nothing.

**Not alike.** kahets reads frames with a length and a bucket, the peers read lines: they look at every byte for its end. \`kcat\` has no socket, no clients and no connections: it reads a file that the page cache holds, and ends. It keeps all that it has read in librdkafka's queue, as do rsyslog and syslog-ng behind queues of their own; kahets holds messages within \`MAXMEMORY\` and makes its clients wait.
rsyslog and syslog-ng are made to route, filter and rewrite what they read, and look at each message for that; kahets does not look into messages at all. Both could spread over more cores than the loop of kahets can: see [where one loop ends](#where-one-loop-ends). kahets keeps its ledger of what was received, delivered and dropped in every run; a backup, a journal and acknowledgements to the client are not used but where a section says so.
`;

interface Words {
  readonly heading: string;
  readonly text: string;
}

const WORDS: Readonly<Record<Group, Words>> = {
  main: { heading: 'Four shapes of traffic', text: 'One bucket, one topic, messages of 200 bytes.' },
  sizes: { heading: 'Larger messages', text: 'The same with messages of 1 KB and 8 KB.' },
  topics: {
    heading: 'Many buckets',
    text: `Each message goes to the next bucket, so that no two neighbours are of one: the worst case of telling them apart. A bucket of kahets is a topic in Kafka. The peers have no buckets: there each line begins with the name of its topic, which they cut off and send to (rsyslog by \`dynatopic\` with a cache that holds all, syslog-ng by a template). \`one-bucket\` is kahets with the same messages in one bucket, and so one topic of three partitions.

A thousand topics would measure the broker, so the thousand buckets go to one file: what is measured is how they are told apart and batched. The peers cut off the name there too. \`kcat\` knows one topic and is left out.`,
  },
  files: {
    heading: 'Files, and a share',
    text: `One file, no sync (kahets syncs it every second by default, rsyslog and syslog-ng do not). \`cat\` is the floor: the bench hands each connection to a \`cat\` of its own that appends what comes to the file; it frames nothing, counts nothing, and waits for nobody. rsyslog writes its file from a thread of its own in buffers of 256 KB, syslog-ng flushes every 1,000 lines.

Kafka and file: kahets multicasts each batch to two streams, rsyslog has two actions, syslog-ng two destinations. The slower of the two ends the run.

\`slice-0.1\` draws for each message whether it is sent on, so about a tenth arrives; the ledger counts the others. The run ends when nothing more has come for 2.5 s, which are not counted as time.`,
  },
  journal: {
    heading: 'With a journal',
    text: '`journaled` writes each message to the disk before it counts as accepted ([journal](journal.md)), and so survives a SIGKILL.',
  },
  codecs: {
    heading: 'Compression',
    text: '`bulk` with each codec. rsyslog and syslog-ng compress with the library of `kcat`.',
  },
  partitions: { heading: 'Partitions', text: '`bulk` to a topic of 1 and of 48 partitions.' },
  latency: {
    heading: 'Latency',
    text: `From just before a message's write to the socket until one consumer, the same for all, has shown it: so the way from broker to consumer and through a pipe is in it. The daemon is warm, the first second is not counted. p50 and p99 are of the run in the middle by its p99.`,
  },
  cpus: {
    heading: 'MAXCPUS',
    text: 'Everything but compression is done in one event loop; `MAXCPUS` − 1 further threads compress. At 1 the loop does that too, but for zstd, which goes to a thread always. So a second core makes the loop free for more messages, while the work is the same.',
  },
  loop: {
    heading: 'Where one loop ends',
    text: `As fast as kahets takes messages, counted while the clients push. *Loop busy*: the share of that time in which the thread of the event loop used a core; near 100 % the loop is the limit, below that the clients, the broker or the cores that all of them share. *Loop µs a message*: the CPU of that thread alone, compression threads not counted. *At a whole core*: what follows from it for a loop that has a core to itself, computed and not reached here where the loop was less than busy. A *connection* of these is opened, sends ten messages with a write each and is closed.

**Past it**: several daemons, each with a socket, a spool and file folders of its own, and the programs of the host divided among them (by program, or by process id). They share nothing, so they add up as long as there are cores; each bucket's order holds within a daemon. One daemon with more \`MAXCPUS\` helps only while compression is what is slow. Past one machine Kafka is the engine: a daemon on each host.`,
  },
};

const heading = (group: Group): string => `## ${WORDS[group].heading}\n\n${WORDS[group].text}`;

const SUMMARY = `## Targets

What kahets is meant to reach. CPU a message beside the peers; the peer that costs least is the one in the fourth column. Each row is of the run that its section below tells of.`;

const rowPlace = (row: readonly string[]): number => SHAPES.findIndex(({ name }) => row[0] === `\`${name}\``);

const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The summary with this shape's row in it; the rows of other shapes stay. */
export const summarySection = (shape: Shape, measured: readonly MeasuredSubject[]): Section => ({
  id: 'targets',
  markdown: (before) => {
    const row = summaryRow(shape, measured);
    const others = before
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map(cellsOf)
      .filter(([name]) => name !== row[0]);
    const rows = [...others, row].sort((a, b) => rowPlace(a) - rowPlace(b));
    return `${SUMMARY}\n\n${markdownTable(SUMMARY_HEADER, rows, [0, 1, 4])}`;
  },
});

export const shapeSection = (shape: Shape, measured: readonly MeasuredSubject[], command: string): Section => ({
  id: sectionId(shape),
  markdown: () => `${reportMarkdown(shape, measured)}\n\n${measuredOn(command)}`,
});

export const latencySection = (shape: Shape, table: string, command: string): Section => ({
  id: sectionId(shape),
  markdown: () => `${table}\n\n${measuredOn(command)}`,
});

/** What stands around a shape's section. */
export const wordsAround = ({ group }: Shape): readonly Section[] => [
  { id: 'introduction', markdown: introduction },
  { id: 'method', markdown: () => METHOD },
  { id: `group-${group}`, markdown: () => heading(group) },
];
