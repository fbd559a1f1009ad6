<?php

declare(strict_types=1);

namespace Kahets;

use RuntimeException;

/**
 * A fallback that appends what could not be sent to a file, which `kahets replay` sends later.
 *
 * What was refused is not kept: the daemon would refuse it too.
 */
final class FileFallback
{
    private const LOCK_TRIES = 20;
    private const LOCK_AGAIN_US = 500;

    /** @param int $maxBytes the file grows no further */
    public function __construct(private readonly string $path, private readonly int $maxBytes = 100 * 1024 * 1024)
    {
    }

    /** @throws RuntimeException the messages are not in the file; the producer logs it */
    public function __invoke(Unsent $unsent): void
    {
        if ($unsent->frames === '') {
            return;
        }
        $file = @fopen($this->path, 'ab');
        if ($file === false) {
            throw new RuntimeException("$this->path: cannot be opened for appending");
        }
        try {
            $this->append($file, $unsent->frames);
        } finally {
            fclose($file);
        }
    }

    /** @param resource $file */
    private function append($file, string $frames): void
    {
        // Other processes hold the lock for the moment of a write; one that is stopped must not stop this one.
        for ($tries = 1; !flock($file, LOCK_EX | LOCK_NB); ++$tries) {
            if ($tries === self::LOCK_TRIES) {
                throw new RuntimeException("$this->path: is locked by another process");
            }
            usleep(self::LOCK_AGAIN_US);
        }
        $size = fstat($file)['size'];
        if ($size + strlen($frames) > $this->maxBytes) {
            throw new RuntimeException("$this->path: expected at most $this->maxBytes bytes; they are reached");
        }
        if (@fwrite($file, $frames) !== strlen($frames)) {
            // Half a frame would hide all that is appended after it.
            ftruncate($file, $size);
            throw new RuntimeException("$this->path: cannot be written; is the disk full?");
        }
    }
}
