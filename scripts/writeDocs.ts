/** Writes the pages of docs/ that are made of code. */
import { writeFileSync } from 'node:fs';
import { KAFKA_SETTINGS_PAGE, kafkaSettingsPage } from './kafkaSettingsPage';

writeFileSync(KAFKA_SETTINGS_PAGE, kafkaSettingsPage());
