// route.js
'use strict';

/** Sends errors to a bucket of their own: another Kafka topic, another file. */
module.exports = (message) =>
  message.value?.includes('"level":"error"') ? { ...message, bucket: `${message.bucket}-errors` } : message;
