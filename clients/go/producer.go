package kahets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Options of a Producer. What is zero has its default.
type Options struct {
	// Socket is the daemon's SOCKET: a path, or tcp://127.0.0.1:9410. Default /tmp/kahego.sock.
	Socket string
	// BufferBytes are written when so many wait; negative: each message at once. Default 64 KB.
	BufferBytes int
	// FlushAfter is how long a message waits at most for others. Default 1 s.
	FlushAfter time.Duration
	// ConnectTimeout is for a connection. Default 50 ms.
	ConnectTimeout time.Duration
	// Timeout is for all that one send or flush does; a context may allow less. Default 100 ms.
	Timeout time.Duration
	// MaxFrameBytes is the daemon's MAX_FRAME: larger messages are refused. Default 8 MB.
	MaxFrameBytes int
	// Fallback gets what could not be sent. Default: it is lost, and counted.
	Fallback func(Unsent)
}

// Reason is why messages were not sent.
type Reason string

// Reasons.
const (
	Invalid     Reason = "invalid"     // the message cannot be written as a frame
	TooLarge    Reason = "too_large"   // it is larger than the daemon takes
	Unreachable Reason = "unreachable" // nobody listens, no permission, or no connection in time
	Timeout     Reason = "timeout"     // the daemon did not read, or did not answer, in time
	Closed      Reason = "closed"      // the daemon closed the connection, twice in one attempt, or the producer is closed
	Paused      Reason = "paused"      // not tried, since the attempt before failed a moment ago
)

// Error is why a call failed.
type Error struct {
	Reason Reason
	Detail string
}

func (e *Error) Error() string { return "kahets: " + e.Detail }

// Unsent is what a fallback gets: messages that were not sent, whole, in order.
type Unsent struct {
	Err *Error
	// Messages is how many.
	Messages int
	// Frames as they would have been written, which `kahets replay` reads from a file; empty for a refused message.
	Frames []byte
}

// SyncStatus is what became of messages: the worst that any of them met.
type SyncStatus uint8

// What may become of messages.
const (
	Delivered SyncStatus = iota
	BackedUp             // some are in a backup or a dead letter file
	Dropped              // the daemon dropped some: malformed, no such bucket, no room
	NotSent              // some never left: they were refused, or given to the fallback
	Unknown              // no answer in time, or the connection was lost in between; they may have arrived
)

func (s SyncStatus) String() string {
	return [...]string{"delivered", "backed_up", "dropped", "not_sent", "unknown"}[s]
}

// SyncResult is the answer to Sync.
type SyncResult struct {
	Status SyncStatus
	// Messages is of how many the daemon speaks; 0 where it did not answer.
	Messages uint64
}

// Counters tell what has become of messages up to now.
type Counters struct {
	Sent, Failed, Buffered, Bytes, Connections uint64
}

const (
	// After an attempt that failed none is made for so many times as long as it took.
	pauseFactor = 10
	again       = time.Millisecond

	closedDetail = "expected a producer that is open, found one that is closed"
)

// Producer sends messages to the daemon's socket, buffered. Goroutines may share one.
type Producer struct {
	options Options
	// syncTurn holds the one who waits for an answer.
	syncTurn chan struct{}
	// turn holds the one who may use what is below.
	turn chan struct{}

	conn        net.Conn
	buffer      []byte
	timer       *time.Timer
	isClosed    bool
	pausedUntil time.Time
	token       uint32
	counters    Counters
	// since is the connection that has taken messages since the last sync; 0: none.
	since uint64
	// known is the worst that this side knows of them; Delivered: nothing.
	known SyncStatus
}

// New returns a producer; it connects when there is something to write.
func New(options Options) *Producer {
	setDefault(&options.Socket, "/tmp/kahego.sock")
	setDefault(&options.BufferBytes, 64*1024)
	setDefault(&options.FlushAfter, time.Second)
	setDefault(&options.ConnectTimeout, 50*time.Millisecond)
	setDefault(&options.Timeout, 100*time.Millisecond)
	setDefault(&options.MaxFrameBytes, 8*1024*1024)
	return &Producer{options: options, syncTurn: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
}

func setDefault[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}

// Send takes one message. The error says why it was refused, or why a write that it caused failed.
func (p *Producer) Send(ctx context.Context, message Message) error {
	unsent, err := p.send(ctx, &message)
	return p.fallBack(unsent, err)
}

// Flush writes what is buffered.
func (p *Producer) Flush(ctx context.Context) error {
	if err := take(ctx, p.turn); err != nil {
		return err
	}
	unsent, err := p.flush(ctx)
	<-p.turn
	return p.fallBack(unsent, err)
}

// Sync flushes, and waits until the daemon says what became of everything sent since the last Sync, or the context ends. Others may send
// meanwhile. It needs kahets; kahego does not answer.
func (p *Producer) Sync(ctx context.Context) (SyncResult, error) {
	if err := take(ctx, p.syncTurn); err != nil {
		return SyncResult{Status: Unknown}, err
	}
	defer func() { <-p.syncTurn }()
	if err := take(ctx, p.turn); err != nil {
		return SyncResult{Status: Unknown}, err
	}
	deadline := earliest(ctx, time.Now().Add(time.Hour))
	unsent, err := p.flush(ctx)
	if err == nil {
		err = p.ask(deadline)
	}
	conn, token, known := p.conn, p.token, p.known
	p.known, p.since = Delivered, 0
	<-p.turn

	result := SyncResult{Status: Unknown}
	if err == nil {
		result, err = p.answer(ctx, conn, token, deadline)
	}
	if known != Delivered {
		result.Status = known
	}
	return result, p.fallBack(unsent, err)
}

// Close flushes and lets go of the connection; nothing can be sent any more.
func (p *Producer) Close(ctx context.Context) error {
	if err := take(ctx, p.turn); err != nil {
		return err
	}
	unsent, err := p.flush(ctx)
	p.isClosed = true
	p.disconnect()
	<-p.turn
	return p.fallBack(unsent, err)
}

// Counters tells what has become of messages up to now.
func (p *Producer) Counters() Counters {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	return p.counters
}

func take(ctx context.Context, turn chan<- struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Producer) send(ctx context.Context, message *Message) (*Unsent, error) {
	if err := take(ctx, p.turn); err != nil {
		return nil, err
	}
	defer func() { <-p.turn }()
	if p.isClosed {
		return p.refuse(Closed, closedDetail)
	}
	if err := message.check(); err != nil {
		return p.refuse(Invalid, err.Error())
	}
	before := len(p.buffer)
	p.buffer = appendFrame(p.buffer, message)
	if body := len(p.buffer) - before - lengthBytes; body > p.options.MaxFrameBytes {
		p.buffer = p.buffer[:before]
		return p.refuse(TooLarge, fmt.Sprintf("message: expected a frame of at most %d bytes, got %d", p.options.MaxFrameBytes, body))
	}
	p.counters.Buffered++
	if len(p.buffer) >= p.options.BufferBytes {
		return p.flush(ctx)
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(p.options.FlushAfter, func() { _ = p.Flush(context.Background()) })
	}
	return nil, nil
}

func (p *Producer) refuse(reason Reason, detail string) (*Unsent, error) {
	err := &Error{reason, detail}
	p.counters.Failed++
	p.notSent()
	return &Unsent{Err: err, Messages: 1}, err
}

func (p *Producer) notSent() {
	if p.known == Delivered {
		p.known = NotSent
	}
}

// fallBack calls the application's own code, which may send; so it has no turn then.
func (p *Producer) fallBack(unsent *Unsent, err error) error {
	if unsent != nil && p.options.Fallback != nil {
		p.options.Fallback(*unsent)
	}
	return err
}

func (p *Producer) flush(ctx context.Context) (*Unsent, error) {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if len(p.buffer) == 0 {
		return nil, nil
	}
	err := p.transmit(ctx)
	if err == nil {
		return nil, nil
	}
	unsent := &Unsent{Err: err, Messages: int(p.counters.Buffered), Frames: append([]byte(nil), p.buffer...)}
	p.counters.Failed += p.counters.Buffered
	p.counters.Buffered = 0
	p.buffer = p.buffer[:0]
	p.notSent()
	return unsent, err
}

// transmit writes the buffer; what could not be written as a whole stays in it.
func (p *Producer) transmit(ctx context.Context) *Error {
	began := time.Now()
	if began.Before(p.pausedUntil) {
		return &Error{Paused, "not tried again so soon after a failure"}
	}
	deadline := earliest(ctx, began.Add(p.options.Timeout))
	err := p.attempt(deadline)
	if err != nil && err.Reason == Closed {
		err = p.attempt(deadline)
	}
	if err != nil {
		p.pausedUntil = time.Now().Add(pauseFactor * time.Since(began))
	}
	return err
}

func earliest(ctx context.Context, deadline time.Time) time.Time {
	if given, ok := ctx.Deadline(); ok && given.Before(deadline) {
		return given
	}
	return deadline
}

func (p *Producer) attempt(deadline time.Time) *Error {
	if err := p.connect(deadline); err != nil {
		return err
	}
	p.since = p.counters.Connections
	written, err := p.write(p.buffer, deadline)
	count, end := wholeFrames(p.buffer, written)
	p.buffer = p.buffer[:copy(p.buffer, p.buffer[end:])]
	p.counters.Sent += uint64(count)
	p.counters.Buffered -= uint64(count)
	p.counters.Bytes += uint64(written)
	return err
}

// connect makes sure that there is a connection which the daemon has not closed.
func (p *Producer) connect(deadline time.Time) *Error {
	if p.conn != nil && hasEnded(p.conn) {
		p.disconnect()
	}
	if p.conn == nil {
		conn, err := p.dial(earlier(deadline, time.Now().Add(p.options.ConnectTimeout)))
		if err != nil {
			return err
		}
		p.conn = conn
		p.counters.Connections++
	}
	if p.since != 0 && p.since != p.counters.Connections {
		// What went over the connection before this one, no answer will speak of.
		p.known = Unknown
	}
	return nil
}

func earlier(one, other time.Time) time.Time {
	if one.Before(other) {
		return one
	}
	return other
}

func (p *Producer) dial(deadline time.Time) (net.Conn, *Error) {
	dialer := net.Dialer{Deadline: deadline}
	network, address := addressOf(p.options.Socket)
	for {
		conn, err := dialer.Dial(network, address)
		if err == nil {
			return conn, nil
		}
		// As many clients wait as may: for this kind of socket there is nothing to wait for.
		if !errors.Is(err, syscall.EAGAIN) || time.Now().After(deadline) {
			return nil, &Error{Unreachable, fmt.Sprintf(
				"%s: no connection (%s); is the daemon running, is this its SOCKET, and may this user write to it?",
				p.options.Socket, cause(err))}
		}
		time.Sleep(again)
	}
}

// addressOf is what Dial takes.
func addressOf(socket string) (network, address string) {
	if address, isTCP := strings.CutPrefix(socket, "tcp://"); isTCP {
		return "tcp", address
	}
	return "unix", socket
}

// hasEnded looks without waiting, also while another goroutine waits for an answer. Over TCP a write behind the end would succeed.
func hasEnded(conn net.Conn) bool {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return true
	}
	isEnd := false
	err = raw.Control(func(descriptor uintptr) {
		n, _, err := syscall.Recvfrom(int(descriptor), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		isEnd = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return isEnd || err != nil
}

func cause(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return err.Error()
}

// write closes the connection where it does not take all: nobody is to write behind half a frame.
func (p *Producer) write(data []byte, deadline time.Time) (int, *Error) {
	_ = p.conn.SetWriteDeadline(deadline)
	written, err := p.conn.Write(data)
	if err == nil {
		return written, nil
	}
	p.disconnect()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return written, &Error{Timeout, p.options.Socket + ": the daemon does not read"}
	}
	return written, &Error{Closed, fmt.Sprintf("%s: the daemon has closed the connection (%s)", p.options.Socket, cause(err))}
}

func (p *Producer) disconnect() {
	if p.conn != nil {
		_ = p.conn.Close()
	}
	p.conn = nil
}

func (p *Producer) ask(deadline time.Time) error {
	if p.isClosed {
		return &Error{Closed, closedDetail}
	}
	if err := p.connect(deadline); err != nil {
		return err
	}
	p.token++
	if _, err := p.write(syncFrame(p.token), earlier(deadline, time.Now().Add(p.options.Timeout))); err != nil {
		return err
	}
	return nil
}

// answer has no turn while it waits.
func (p *Producer) answer(ctx context.Context, conn net.Conn, token uint32, deadline time.Time) (SyncResult, error) {
	_ = conn.SetReadDeadline(deadline)
	// A context that is cancelled has no deadline.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(0, 1)) })
	defer stop()
	frame := make([]byte, syncedBytes)
	_, err := io.ReadFull(conn, frame)
	if err == nil {
		var result SyncResult
		if result, err = decodeSynced(frame, token); err == nil {
			return result, nil
		}
	}
	// An answer that comes late would be taken for that of the next.
	p.turn <- struct{}{}
	if p.conn == conn {
		p.disconnect()
	}
	<-p.turn
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return SyncResult{Status: Unknown}, &Error{Timeout, p.options.Socket + ": no answer to a sync in time"}
	}
	return SyncResult{Status: Unknown}, &Error{Closed, fmt.Sprintf("%s: no answer to a sync: %s", p.options.Socket, cause(err))}
}
