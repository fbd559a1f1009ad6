import type { HttpSettings } from '../../../config/env';
import type { MonitorOptions } from '../../../control/http/createMonitor';
import { unmonitored, type Monitor } from '../../../control/monitor';

/** What serves HTTP, which is loaded where it is asked for. */
export const createMonitorFor = async (
  settings: HttpSettings | undefined,
  options: Omit<MonitorOptions, 'settings'>,
): Promise<Monitor> => {
  if (!settings) return unmonitored;
  const { createMonitor } = await import('../../../control/http/createMonitor.js');
  return createMonitor({ settings, ...options });
};
