// mask.js
'use strict';

/** Masks fields of JSON, however deep. What is no JSON throws, and so goes to the dead letters: never past the mask. */
module.exports = {
  open: ({ fields = ['password'] }) => {
    const hidden = new Set(fields);
    const mask = (name, value) => (hidden.has(name) ? '***' : value);
    return (message) => {
      if (message.value === null) return message; // a tombstone has nothing to mask
      return { ...message, value: Buffer.from(JSON.stringify(JSON.parse(message.value), mask)) };
    };
  },
};
