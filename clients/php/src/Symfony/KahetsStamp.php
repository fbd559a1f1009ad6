<?php

declare(strict_types=1);

namespace Kahets\Symfony;

use Symfony\Component\Messenger\Stamp\NonSendableStampInterface;

/** Says where one message goes, beside what the transport's DSN says. */
final class KahetsStamp implements NonSendableStampInterface
{
    public function __construct(
        /** Null: that of the DSN. */
        public readonly ?string $bucket = null,
        /** The same key goes to the same partition, in order. */
        public readonly ?string $key = null,
        /** Milliseconds since 1970; null: the time of arrival. */
        public readonly ?int $timestampMs = null,
        /** Null: chosen by the key. */
        public readonly ?int $partition = null,
    ) {
    }
}
