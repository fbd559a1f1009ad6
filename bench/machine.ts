/** What figures were taken on. */
import { cpus, release, totalmem } from 'node:os';
import { KAFKA_VERSION } from '../spec/support/kafkaJars';

/** The machine, Node, and the broker; figures compare within one run on one machine only. */
export const machine = (): string => {
  const [cpu] = cpus();
  // A broker that was given may be of any version.
  const kafka =
    process.env['KAFKA_BROKERS'] === undefined ? `Apache Kafka ${KAFKA_VERSION}` : 'a broker that was given';
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}, ${kafka}`;
};

/** The line under a section's heading: on what, when, and with which command it was measured. */
export const measuredOn = (command: string): string =>
  `Measured on ${machine()}, ${new Date().toISOString().slice(0, 10)}, with \`${command}\`.`;
