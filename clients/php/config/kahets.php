<?php

// Every option of Kahets\Options, by name.
return [
    'socket' => env('KAHETS_SOCKET', '/tmp/kahego.sock'),
    'bufferBytes' => 65536,
    'connectTimeoutMs' => 50,
    'timeoutMs' => 100,

    // true: what fails is told to the application's log. A log channel that itself writes to kahets is no danger.
    'log' => true,

    // Messages that could not be sent are appended to this file, for `kahets replay`; null: they are only counted.
    'fallbackFile' => null,
];
