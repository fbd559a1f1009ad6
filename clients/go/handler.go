package kahets

import (
	"bytes"
	"context"
	"io"
	"log/slog"
)

type bucketWriter struct {
	producer *Producer
	bucket   string
}

func (w bucketWriter) Write(line []byte) (int, error) {
	err := w.producer.Send(context.Background(), Message{Bucket: w.bucket, Value: bytes.TrimSuffix(line, []byte("\n"))})
	if err != nil {
		return 0, err
	}
	return len(line), nil
}

// Writer returns a writer whose every Write is a message of the bucket, without its line end.
func (p *Producer) Writer(bucket string) io.Writer { return bucketWriter{p, bucket} }

// NewHandler returns a handler for log/slog: each record is a message of the bucket, as JSON.
func NewHandler(producer *Producer, bucket string, options *slog.HandlerOptions) slog.Handler {
	return slog.NewJSONHandler(producer.Writer(bucket), options)
}
