/** docs/files.md: its table of settings is made of the codec that reads them. */
import { sinks } from '../src/sinks';
import { keyTable, withTables } from './tables';

export const FILES_PAGE = 'docs/files.md';

export const fileSettingsTable = (): string => keyTable(sinks['file']?.schema ?? {});

/** The page as it should be, of what it is. */
export const filesPage = (page: string): string => withTables(page, { 'file settings': fileSettingsTable() });
