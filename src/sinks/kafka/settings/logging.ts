import { BooleanFrom, integerIn } from '../../codecs';
import { Debug } from './codecs';
import { optional, setting } from './setting';

export const LOGGING = {
  'statistics.interval.ms': setting(integerIn(0, 86_400_000), 0, {
    here: 'so often the log shows what the stream does, 0: never',
    unlike: "a line in kahets's log, with its own fields; at least 1000",
  }),
  debug: optional(Debug, {
    here: "shows the stream's lines for finding errors (`DEBUG`) as `INFO`",
    unlike: 'whichever contexts are named, all lines of the stream are shown',
  }),
  log_level: setting(integerIn(0, 7), 6, {
    here: "syslog severity of the stream's own lines: less severe ones are left out (3 errors, 4 warnings, 6 information, 7 all). 7 where `debug` is set",
    unlike: '`LOG_LEVEL` counts beside it',
  }),
  'log.connection.close': setting(BooleanFrom, true, { here: 'a connection that ends is a line in the log' }),
};
