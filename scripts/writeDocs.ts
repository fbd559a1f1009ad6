/** Writes what is in docs/ and made of code: whole files, and tables in pages. */
import { readFileSync, writeFileSync } from 'node:fs';
import { BUCKETS_SCHEMA_FILE, bucketsSchemaFile } from './bucketsSchemaFile';
import { CONFIGURATION_PAGE, configurationPage } from './configurationPage';
import { FILES_PAGE, filesPage } from './filesPage';
import { KAFKA_SETTINGS_PAGE, kafkaSettingsPage } from './kafkaSettingsPage';

writeFileSync(BUCKETS_SCHEMA_FILE, bucketsSchemaFile());
writeFileSync(CONFIGURATION_PAGE, configurationPage(readFileSync(CONFIGURATION_PAGE, 'utf8')));
writeFileSync(FILES_PAGE, filesPage(readFileSync(FILES_PAGE, 'utf8')));
writeFileSync(KAFKA_SETTINGS_PAGE, kafkaSettingsPage());
