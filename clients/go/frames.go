package kahets

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

const (
	lengthBytes = 4
	syncedBytes = 19
	maxHeaders  = 1000

	recordType = 1
	syncType   = 2
	syncedType = 3

	hasTimestamp = 1
	hasPartition = 2
	keyIsNull    = 4
	valueIsNull  = 8
)

// Header is a header of a message in Kafka. A nil Value is null.
type Header struct {
	Name  string
	Value []byte
}

// Message is what a bucket takes. Without NullKey, Tombstone, Headers, Time and Partition, and with a key of up to 255 bytes, it goes as
// a version 1 frame, else as a record.
type Message struct {
	// Bucket has 1 to 255 bytes of UTF-8: the topic in Kafka, unless the daemon is told otherwise.
	Bucket string
	Value  []byte
	// Key has up to 65,535 bytes; the same key goes to the same partition. Empty: no key.
	Key     []byte
	NullKey bool
	// Tombstone deletes Key in a compacted topic; it has no Value.
	Tombstone bool
	// Headers are at most 1,000, in order; a name may come more than once.
	Headers []Header
	// Time of the message in Kafka. Zero: the time of arrival.
	Time time.Time
	// Partition: nil: chosen by the key.
	Partition *int32
}

func within(place string, found, least, most int) error {
	if found < least || found > most {
		return fmt.Errorf("%s: expected %d to %d, got %d", place, least, most, found)
	}
	return nil
}

func (m *Message) isPlain() bool {
	return !m.NullKey && !m.Tombstone && m.Headers == nil && m.Time.IsZero() && m.Partition == nil && len(m.Key) <= 255
}

func (m *Message) check() error {
	if err := within("bucket: bytes", len(m.Bucket), 1, 255); err != nil {
		return err
	}
	if !utf8.ValidString(m.Bucket) {
		return fmt.Errorf("bucket: expected UTF-8, got %q", m.Bucket)
	}
	if err := within("key: bytes", len(m.Key), 0, math.MaxUint16); err != nil {
		return err
	}
	if m.NullKey && len(m.Key) > 0 {
		return fmt.Errorf("key: expected none beside NullKey, got %d bytes", len(m.Key))
	}
	if m.Tombstone && len(m.Value) > 0 {
		return fmt.Errorf("value: expected none beside Tombstone, got %d bytes", len(m.Value))
	}
	if err := within("headers", len(m.Headers), 0, maxHeaders); err != nil {
		return err
	}
	for i, header := range m.Headers {
		if err := within(fmt.Sprintf("headers[%d]: bytes of the name", i), len(header.Name), 0, math.MaxUint16); err != nil {
			return err
		}
		if !utf8.ValidString(header.Name) {
			return fmt.Errorf("headers[%d]: expected a name in UTF-8, got %q", i, header.Name)
		}
	}
	if !m.Time.IsZero() && m.Time.UnixMilli() < 0 {
		return fmt.Errorf("time: expected 1970 or later, got %s", m.Time)
	}
	if m.Partition != nil && *m.Partition < 0 {
		return fmt.Errorf("partition: expected 0 or more, got %d", *m.Partition)
	}
	return nil
}

// appendFrame appends the frame of m, which must have passed check.
func appendFrame(to []byte, m *Message) []byte {
	start := len(to)
	to = append(to, 0, 0, 0, 0)
	if m.isPlain() {
		to = append(append(to, byte(len(m.Bucket))), m.Bucket...)
		to = append(append(to, byte(len(m.Key))), m.Key...)
		to = append(to, m.Value...)
	} else {
		to = appendRecord(to, m)
	}
	binary.LittleEndian.PutUint32(to[start:], uint32(len(to)-start-lengthBytes))
	return to
}

func appendRecord(to []byte, m *Message) []byte {
	little := binary.LittleEndian
	flags := byte(0)
	for flag, isSet := range map[byte]bool{
		hasTimestamp: !m.Time.IsZero(), hasPartition: m.Partition != nil, keyIsNull: m.NullKey, valueIsNull: m.Tombstone,
	} {
		if isSet {
			flags |= flag
		}
	}
	to = append(to, 0, recordType, flags, byte(len(m.Bucket)))
	to = append(to, m.Bucket...)
	to = append(little.AppendUint16(to, uint16(len(m.Key))), m.Key...)
	if !m.Time.IsZero() {
		to = little.AppendUint64(to, uint64(m.Time.UnixMilli()))
	}
	if m.Partition != nil {
		to = little.AppendUint32(to, uint32(*m.Partition))
	}
	to = little.AppendUint16(to, uint16(len(m.Headers)))
	for _, header := range m.Headers {
		to = append(little.AppendUint16(to, uint16(len(header.Name))), header.Name...)
		length := uint32(len(header.Value))
		if header.Value == nil {
			length = math.MaxUint32
		}
		to = append(little.AppendUint32(to, length), header.Value...)
	}
	return append(to, m.Value...)
}

func syncFrame(token uint32) []byte {
	frame := []byte{6, 0, 0, 0, 0, syncType}
	return binary.LittleEndian.AppendUint32(frame, token)
}

// decodeSynced reads the answer to the sync with this token.
func decodeSynced(frame []byte, token uint32) (SyncResult, error) {
	little := binary.LittleEndian
	isAnswer := little.Uint32(frame) == syncedBytes-lengthBytes && frame[4] == 0 && frame[5] == syncedType
	status := SyncStatus(frame[10])
	if !isAnswer || status > Dropped || little.Uint32(frame[6:]) != token {
		return SyncResult{}, fmt.Errorf("expected the answer to sync %d, found the bytes %x", token, frame)
	}
	return SyncResult{Status: status, Messages: little.Uint64(frame[11:])}, nil
}

// wholeFrames tells how many frames end within the first bytes, and where the last of them ends.
func wholeFrames(data []byte, taken int) (count, end int) {
	for end+lengthBytes <= taken {
		after := end + lengthBytes + int(binary.LittleEndian.Uint32(data[end:]))
		if after > taken {
			break
		}
		count, end = count+1, after
	}
	return count, end
}
