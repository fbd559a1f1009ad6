import { readFileSync } from 'node:fs';
import { KAFKA_SETTINGS_PAGE, kafkaSettingsPage } from '../../scripts/kafkaSettingsPage';
import { LIBRDKAFKA_NAMES } from '../../src/sinks/kafka/settings/names';

describe('kafkaSettingsPage', () => {
  it('is the committed page: `npm run docs` writes it', () =>
    expect(readFileSync(KAFKA_SETTINGS_PAGE, 'utf8')).toBe(kafkaSettingsPage()));

  it('has every name of librdkafka', () => {
    const page = kafkaSettingsPage();
    expect(LIBRDKAFKA_NAMES.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has tables whose rows all have the cells of their heading', () => {
    const widths = kafkaSettingsPage()
      .split('\n\n')
      .filter((block) => block.startsWith('|'))
      .map(
        (block) =>
          new Set(
            block
              .trimEnd()
              .split('\n')
              .map((line) => line.split(/(?<!\\)\|/).length),
          ),
      );
    expect(widths.length).toBeGreaterThan(5);
    for (const width of widths) expect(width.size).toBe(1);
  });
});
