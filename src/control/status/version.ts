/** Of the document of `/status.json`; grows by one when a reader of it would have to change. */
export const STATUS_VERSION = 1;
