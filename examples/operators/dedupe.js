// dedupe.js
'use strict';

const MOST_KEYS = 100_000;

/** Leaves out a message whose key came before, as far as the last 100,000 keys tell. */
module.exports = {
  open: () => {
    const seen = new Set(); // of one stream
    return (message) => {
      if (!message.key?.length) return message;
      const key = message.key.toString('latin1'); // a text: no Buffer is equal to another
      if (seen.has(key)) return undefined;
      if (seen.size === MOST_KEYS) seen.delete(seen.values().next().value);
      seen.add(key);
      return message;
    };
  },
};
