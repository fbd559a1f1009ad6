import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { endDaemons, launchDaemon, temporaryFolder } from '../support/daemon';
import { oneBucket } from '../support/endToEnd';

const PASSWORD = 'correct horse/battery "staple"';
/** As the env file takes quotes. */
const env = { KAFKA_PASSWORD: `'${PASSWORD}'`, LOG_LEVEL: 'TRACE' };

/** Nobody listens there. */
const kafka = {
  type: 'kafka',
  settings: {
    'bootstrap.servers': '127.0.0.1:1',
    'security.protocol': 'sasl_plaintext',
    'sasl.mechanisms': 'SCRAM-SHA-512',
    'sasl.username': 'kahets',
    'sasl.password': '${KAFKA_PASSWORD}',
    debug: 'all',
  },
};

afterEach(endDaemons);

/** Parts of the password that stand nowhere by chance, however it is written. */
const expectNoPassword = (output: string): void => {
  expect(output).not.toContain('horse');
  expect(output).not.toContain('staple');
};

describe('a password from the env file', () => {
  it('is named, not shown, where it cannot stand', async () => {
    const settings = { ...kafka.settings, 'linger.ms': '${KAFKA_PASSWORD}' };
    const { code, output } = await (
      await launchDaemon({ env, buckets: oneBucket('b', { kafka: { ...kafka, settings } }) })
    ).ended;
    expect(code).toBe(78);
    expect(output).toContain('linger.ms: expected a number from 0 to 900000, got ${KAFKA_PASSWORD}');
    expectNoPassword(output);
  });

  it('is missing where no file and no variable has it', async () => {
    const { code, output } = await (await launchDaemon({ buckets: oneBucket('b', { kafka }) })).ended;
    expect(code).toBe(78);
    expect(output).toContain('sasl.password: expected the variable KAFKA_PASSWORD to be set');
  });

  it('stands in no line of a daemon that tells of everything', async () => {
    const daemon = await launchDaemon({ env, buckets: oneBucket('b', { kafka }) });
    await daemon.waitForLog(({ msg }) => msg === 'listening');
    const { code, output } = await daemon.stop();
    expect(code).toBe(0);
    expect(output).not.toContain('KAFKA_PASSWORD');
    expectNoPassword(output);
  });

  it('is hidden in what the system says of a path that holds it', async () => {
    const file = path.join(await temporaryFolder(), PASSWORD.replaceAll('/', '-'));
    await writeFile(file, '');
    const { lines, output } = await (
      await launchDaemon({
        env: { DATA: `'${file}'` },
        buckets: oneBucket('b', { copy: { type: 'file', settings: { path: '${DATA}' } } }),
      })
    ).ended;
    expect(lines.map(({ reason }) => reason)).toEqual([expect.stringContaining('***')]);
    expectNoPassword(output);
  });
});
