<?php

declare(strict_types=1);

namespace Kahets;

use Throwable;

/**
 * Tells the application's logger and fallback what was not sent; what those throw stays here.
 *
 * @internal
 */
final class Reporter
{
    /** The failure that sending has not recovered from. */
    private ?Failure $outage = null;
    private bool $isTelling = false;

    public function __construct(private readonly Options $options)
    {
    }

    public function outage(): ?Failure
    {
        return $this->outage;
    }

    /** A message that no daemon would take. */
    public function refused(Unsent $unsent): void
    {
        $this->tell($unsent, 'error', 'a message was refused');
    }

    /** Logged at the beginning of an outage only: it may be of many thousand messages. */
    public function lost(Unsent $unsent): void
    {
        $level = $this->outage === null ? 'warning' : null;
        $this->outage ??= $unsent->failure;
        $this->tell($unsent, $level, 'messages are not sent');
    }

    public function sent(): void
    {
        if ($this->outage !== null) {
            $this->outage = null;
            $this->log('info', 'kahets: messages are sent again');
        }
    }

    private function tell(Unsent $unsent, ?string $level, string $what): void
    {
        if ($this->isTelling) {
            // What logger or fallback themselves have sent, and sent badly, is counted; to tell them would go round and round.
            return;
        }
        $this->isTelling = true;
        try {
            if ($level !== null) {
                $this->log($level, "kahets: $what: {$unsent->failure->message}", $unsent);
            }
            if ($this->options->fallback !== null) {
                ($this->options->fallback)($unsent);
            }
        } catch (Throwable $thrown) {
            $this->log('error', "kahets: the fallback failed: {$thrown->getMessage()}", $unsent);
        } finally {
            $this->isTelling = false;
        }
    }

    private function log(string $level, string $line, ?Unsent $unsent = null): void
    {
        $context = $unsent === null ? [] : ['reason' => $unsent->failure->reason->value, 'messages' => $unsent->count];
        try {
            $this->options->logger?->log($level, $line, $context);
        } catch (Throwable) {
            // A logger that fails must not take the application with it; counters and fallback know.
        }
    }
}
